//! The parameter `platform` of lists.

use crate::api::{Api, http::Parameters};

impl Api {
    /// The platform that a list is asked for. One that nobody knows would make an empty list of a slip of the pen.
    pub(in crate::api) fn platform(&self, given: &mut Parameters) -> Option<String> {
        given.read_as("platform", |name| {
            let known = self.0.platforms.get(name).map(|_| name.to_owned());
            known.ok_or("is not one of `GET /v1/platforms`")
        })
    }
}
