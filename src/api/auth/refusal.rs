//! Why nobody was signed in, to who tried.

use chrono::{DateTime, Utc};

use crate::{
    access::SignInError,
    api::http::{ApiError, Code},
};

/// The refusal. Whether there is an account of that address is not told.
pub(in crate::api) fn not_signed_in(error: SignInError, now: DateTime<Utc>) -> ApiError {
    match error {
        SignInError::Wrong => {
            ApiError::new(Code::Unauthorized, error.to_string()).with("reason", "invalid_credentials")
        }
        SignInError::TooOften(until) => {
            let seconds = (((until - now).num_milliseconds() + 999) / 1_000).max(1);
            let unit = if seconds == 1 { "second" } else { "seconds" };
            let error = ApiError::new(Code::RateLimited, format!("{error}: try again in {seconds} {unit}"));
            ApiError { retry_after: Some(seconds), ..error.with("retry_after_seconds", seconds.to_string()) }
        }
        SignInError::People(error) => error.into(),
    }
}
