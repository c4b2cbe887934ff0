//! The parameter `platform` of lists.

use crate::api::{
    Api,
    http::{ApiError, Parameters},
};

impl Api {
    /// The platform that a list is asked for. One that nobody knows would make an empty list of a slip of the pen.
    pub(in crate::api) fn platform(&self, given: &mut Parameters) -> Result<Option<String>, ApiError> {
        let named = given.text("platform");
        if named.as_deref().is_some_and(|name| self.0.platforms.get(name).is_none()) {
            return Err(ApiError::invalid("platform", "invalid", "is not one of `GET /v1/platforms`"));
        }
        Ok(named)
    }
}
