//! The person whom an operator means.

use campanile_events::ids::PersonId;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    access::Email,
    api::{Api, http::ApiError},
};

/// A person, by their id or their e-mail address: in a body, which stands in no log.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedPerson {
    #[schema(value_type = String)]
    person: SecretString,
}

impl Api {
    /// Who that is.
    pub(super) async fn named_person(&self, named: &NamedPerson) -> Result<PersonId, ApiError> {
        let text = named.person.expose_secret();
        if let Ok(id) = text.parse::<PersonId>() {
            let known = self.0.people.load(id).await?;
            return known.map(|_| id).ok_or_else(|| ApiError::not_found("person"));
        }
        let email = Email::read(text).map_err(|_| {
            ApiError::invalid("person", "invalid", "is neither an e-mail address nor the id of a person")
        })?;
        self.0.people.find(&email).await?.ok_or_else(|| ApiError::not_found("person"))
    }
}
