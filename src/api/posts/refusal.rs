//! What a post's refusal means to its client.

use campanile_events::{
    commands::CommandError,
    post::{PostError, TargetViolations},
};

use crate::api::http::{ApiError, Code, Detail, IfMatch, refused_anyway};

/// The refusal of a command that may be about this field: the one with its due time, or with its accounts.
pub(super) fn refused(error: CommandError<PostError>, field: &str) -> ApiError {
    refused_anyway(error, "post", |error| by_post(error, field))
}

/// The refusal of an aggregate, which may be about this field.
pub(super) fn by_post(error: PostError, field: &str) -> ApiError {
    let message = error.to_string();
    let conflict = |state: &str| ApiError::new(Code::Conflict, message.clone()).with("state", state);
    match error {
        PostError::NotFound => ApiError::not_found("post"),
        PostError::Deleted => conflict("deleted"),
        PostError::Status { status, .. } => conflict(status.as_str()),
        PostError::TargetStatus { status, account_id, .. } => {
            conflict(status.as_str()).with("account_id", account_id.to_string())
        }
        PostError::RevisionMismatch { actual, .. } => IfMatch::mismatch(actual),
        PostError::NoTargets => ApiError::invalid("account_ids", "empty", message),
        PostError::TargetTwice(_) => ApiError::invalid("account_ids", "repeated", message),
        PostError::UnknownTarget(_) => ApiError::invalid(field, "not_found", message),
        PostError::InThePast => ApiError::invalid(field, "in_the_past", message),
        PostError::Unprocessable(broken) => unprocessable(broken),
        // No client's command leads to these.
        PostError::Exists
        | PostError::Fenced
        | PostError::TooEarly
        | PostError::Unsettled
        | PostError::UnfitIntent(_) => ApiError::internal(message),
    }
}

fn unprocessable(broken: Vec<TargetViolations>) -> ApiError {
    let details = broken.into_iter().flat_map(|target| {
        let (account, platform) = (target.account_id.to_string(), target.platform);
        target.violations.into_iter().map(move |broken| Detail {
            field: broken.field,
            code: broken.code,
            message: broken.message,
            account_id: Some(account.clone()),
            platform: Some(platform.clone()),
        })
    });
    let details = details.collect();
    ApiError { details, ..ApiError::new(Code::UnprocessablePost, "the content breaks a platform's rules") }
}
