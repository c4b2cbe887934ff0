//! What a key's refusals mean to who asked.

use campanile_events::{
    commands::CommandError,
    key::{Excess, KeyError},
};

use crate::api::http::{ApiError, Code, Detail, refused_anyway};

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

/// Each bound of the caller has its own word, with the field that passes it.
fn beyond(excess: Excess, error: &KeyError) -> ApiError {
    match excess {
        Excess::Scope(lacking) => {
            let lacking = lacking.map_or("*", |scope| scope.as_str());
            let refused = ApiError::new(Code::ForbiddenScope, format!("{error}: it lacks `{lacking}`"));
            named("scopes", refused).with("scope", lacking)
        }
        Excess::Mode => {
            let words = "a test key makes test keys only: say `\"mode\": \"test\"`";
            named("mode", ApiError::new(Code::TestKeyLiveAccount, words))
        }
        Excess::Account(Some(account)) => named("allowed_accounts", ApiError::account(account)),
        Excess::Account(None) => named("allowed_accounts", ApiError::new(Code::AccountNotAllowed, error.to_string())),
        Excess::Origin => named("allowed_origins", ApiError::new(Code::OriginNotAllowed, error.to_string())),
        Excess::Ip => named("allowed_ips", ApiError::new(Code::IpNotAllowed, error.to_string())),
        Excess::Expiry => ApiError::invalid("expires_in_days", "beyond_own", error.to_string()),
        Excess::RateLimit => ApiError::invalid("rate_limit", "beyond_own", error.to_string()),
    }
}

/// With the field that is beyond the caller's own rights: the same word is also said of the request's own.
fn named(field: &str, error: ApiError) -> ApiError {
    ApiError { details: vec![Detail::new(field, "beyond_own", error.message.clone())], ..error }
}
