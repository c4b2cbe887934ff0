//! What a platform's refusal means to the client.

use campanile_events::post::FailureClass;
use campanile_workers::{
    platforms::{ConnectError, Description},
    sign_ins::SignInError,
};

use crate::api::http::{ApiError, Code};

/// Where the server is to blame that the client named, the field is that which names it.
pub(super) fn refused(platform: &Description, error: ConnectError) -> ApiError {
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
        ConnectError::NotKept(error) => ApiError::unavailable(error),
        // Nothing listens there, or nobody knows the name: more often a wrong address than a passing trouble.
        ConnectError::Unreachable(failure) if failure.class == FailureClass::NotSent => {
            let why = match failure.code.as_deref() {
                Some("resolve") => "its name can't be resolved",
                Some("tls") => "it has no TLS certificate that is trusted here, or speaks no TLS",
                _ => "nothing answers there",
            };
            let field = platform.server_field().unwrap_or("platform");
            ApiError::invalid(field, "unreachable", format!("the server can't be reached: {why}"))
        }
        ConnectError::Unreachable(failure) => {
            let message = format!("the platform could not be asked: {failure}");
            ApiError { cause: Some(failure.to_string().into()), ..ApiError::new(Code::Unavailable, message) }
        }
    }
}

/// The same on the way to the platform's page and back.
pub(super) fn of_sign_in(platform: &Description, error: SignInError) -> ApiError {
    let name = platform.name;
    match error {
        SignInError::NotOffered => {
            let fields: Vec<_> = platform.connect_fields.iter().map(|field| format!("`{}`", field.name)).collect();
            let title = platform.title;
            let message = format!("{title} is connected directly: POST /v1/connect/{name} with {}", fields.join(", "));
            ApiError::invalid("platform", "no_oauth", message)
        }
        SignInError::UnknownState => {
            let message = format!(
                "is none that GET /v1/connect/{name} gave this key, or was used already: begin again with that request"
            );
            ApiError::invalid("state", "unknown_state", message)
        }
        SignInError::ExpiredState => {
            let message = format!("has expired: begin again with GET /v1/connect/{name}");
            ApiError::invalid("state", "expired_state", message)
        }
        SignInError::Connect(error) => refused(platform, error),
        SignInError::Kept(error) => ApiError::unavailable(error),
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::seal::SealError;
    use campanile_workers::platforms;

    use super::*;

    #[test]
    fn a_way_that_leads_nowhere_is_named() {
        let about = platforms::descriptions().into_iter().next().expect("there are platforms");
        let refused = |error| {
            let error = of_sign_in(&about, error);
            let detail = error.details.first().map(|it| (it.field.clone(), it.code.clone()));
            (error.code, detail)
        };
        let named = |field: &str, code: &str| (Code::InvalidRequest, Some((field.to_owned(), code.to_owned())));
        assert_eq!(refused(SignInError::ExpiredState), named("state", "expired_state"));
        assert_eq!(refused(SignInError::UnknownState), named("state", "unknown_state"));
        assert_eq!(refused(SignInError::NotOffered), named("platform", "no_oauth"));
        // Nothing tells from outside that a row was tampered with.
        assert_eq!(refused(SignInError::Kept(SealError::Mismatch)), (Code::Unavailable, None));
        assert_eq!(refused(SignInError::Connect(ConnectError::NotKept(platforms::NotKept))), (Code::Unavailable, None));
    }
}
