//! What a platform's refusal means to the client.

use campanile_workers::platforms::ConnectError;

use crate::api::http::{ApiError, Code};

pub(super) fn refused(error: ConnectError) -> ApiError {
    match error {
        ConnectError::Invalid { field, code, message } => ApiError::invalid(field, code, message),
        ConnectError::Refused { message, status } => {
            let error = ApiError::new(Code::ConnectionRefused, message);
            match status {
                Some(status) => error.with("platform_status", status.to_string()),
                None => error,
            }
        }
        ConnectError::EgressForbidden => {
            let message = "the server's address is a private one, which this engine may not reach: \
                           its operator can allow it with `--allow-egress`";
            ApiError::new(Code::ConnectionRefused, message)
        }
        // The client named the server: no try again will find one under this name.
        ConnectError::Unreachable(failure) if matches!(failure.code.as_deref(), Some("resolve" | "invalid_url")) => {
            ApiError::new(Code::ConnectionRefused, "the server's name leads to no address: check its spelling")
        }
        ConnectError::Unreachable(failure) => {
            let message = format!("the platform could not be asked: {failure}");
            ApiError { cause: Some(failure.to_string()), ..ApiError::new(Code::Unavailable, message) }
        }
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::post::FailureClass;
    use campanile_workers::platforms::SendFailure;

    use super::*;

    #[test]
    fn a_name_that_leads_nowhere_is_not_worth_another_try() {
        let code = |code| refused(ConnectError::Unreachable(SendFailure::of(FailureClass::NotSent, code))).code;
        assert_eq!(code("resolve"), Code::ConnectionRefused);
        assert_eq!(code("invalid_url"), Code::ConnectionRefused);
        assert_eq!(code("connect"), Code::Unavailable);
    }
}
