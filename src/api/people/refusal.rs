//! What a record's refusals mean to who asked.

use campanile_events::{commands::CommandError, person::PersonError};

use crate::api::http::{ApiError, Code, refused_anyway};

/// Why a command was not carried out.
pub(in crate::api) fn refused(error: CommandError<PersonError>) -> ApiError {
    refused_anyway(error, "person", |error| match error {
        PersonError::NotFound => ApiError::not_found("person"),
        PersonError::Exists => ApiError::internal(error),
        PersonError::LastOwner => ApiError::new(Code::Conflict, error.to_string()).with("state", "last_owner"),
    })
}
