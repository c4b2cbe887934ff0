//! What a key's refusals mean to who asked.

use campanile_events::{
    commands::CommandError,
    key::{Excess, KeyError},
};

use crate::api::http::{ApiError, Code, refused_anyway};

/// Why a command was not carried out.
pub(super) fn refused(error: CommandError<KeyError>) -> ApiError {
    refused_anyway(error, "key", |error| match &error {
        KeyError::NotFound => ApiError::not_found("key"),
        KeyError::NoScopes => ApiError::invalid("scopes", "empty", error.to_string()),
        KeyError::ExpiryInThePast => ApiError::invalid("expires_in_days", "out_of_range", error.to_string()),
        KeyError::Beyond(excess) => beyond(*excess, &error),
        KeyError::Over { status, .. } => {
            ApiError::new(Code::Conflict, error.to_string()).with("state", status.as_str())
        }
        KeyError::Rotated | KeyError::Lengthened => {
            ApiError::new(Code::Conflict, error.to_string()).with("state", "rotated")
        }
        KeyError::Moved(_) => ApiError::unavailable(error),
        KeyError::Exists => ApiError::internal(error),
    })
}

/// Each bound of the caller has its own word; those that only a field can pass name the field.
fn beyond(excess: Excess, error: &KeyError) -> ApiError {
    match excess {
        Excess::Scope(lacking) => {
            let lacking = lacking.map_or("*", |scope| scope.as_str());
            ApiError::new(Code::ForbiddenScope, format!("{error}: it lacks `{lacking}`")).with("scope", lacking)
        }
        Excess::Mode => {
            ApiError::new(Code::TestKeyLiveAccount, "a test key makes test keys only: say `\"mode\": \"test\"`")
        }
        Excess::Account(Some(account)) => ApiError::account(account),
        Excess::Account(None) => ApiError::new(Code::AccountNotAllowed, error.to_string()),
        Excess::Origin => ApiError::new(Code::OriginNotAllowed, error.to_string()),
        Excess::Ip => ApiError::new(Code::IpNotAllowed, error.to_string()),
        Excess::Expiry => ApiError::invalid("expires_in_days", "beyond_own", error.to_string()),
        Excess::RateLimit => ApiError::invalid("rate_limit", "beyond_own", error.to_string()),
    }
}
