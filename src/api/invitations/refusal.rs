//! What an invitation's refusals mean to who asked.

use campanile_events::{commands::CommandError, invitation::InvitationError};

use crate::api::http::{ApiError, Code, refused_anyway};

/// Why a command was not carried out.
pub(super) fn refused(error: CommandError<InvitationError>) -> ApiError {
    refused_anyway(error, "invitation", |error| refusal(&error))
}

/// Why an invitation isn't one that anything can be done with.
pub(super) fn refusal(error: &InvitationError) -> ApiError {
    let state = match error {
        InvitationError::NotFound => return ApiError::not_found("invitation"),
        InvitationError::Exists => return ApiError::internal(error),
        InvitationError::Expired => "expired",
        InvitationError::Withdrawn => "withdrawn",
        InvitationError::Accepted => "accepted",
    };
    ApiError::new(Code::Conflict, error.to_string()).with("state", state)
}
