//! One list of codes, one match to statuses.

use axum::http::StatusCode;

/// What clients branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Who asks is not known.
    Unauthorized,
    /// The key may not do this.
    ForbiddenScope,
    /// The person's role doesn't let them do this.
    ForbiddenRole,
    /// The key is bound to other origins.
    OriginNotAllowed,
    /// The key is bound to other addresses.
    IpNotAllowed,
    /// The key is bound to other accounts.
    AccountNotAllowed,
    /// The workspace's plan lacks it.
    PaymentRequired,
    /// A quota of the workspace's plan is used up.
    QuotaExceeded,
    /// The key has made all requests that it may make for now.
    RateLimited,
    /// There is no such thing in this workspace.
    NotFound,
    /// The path takes other methods.
    MethodNotAllowed,
    /// The body is not JSON by its own word.
    UnsupportedMediaType,
    /// The body is too long.
    PayloadTooLarge,
    /// Fields are wrong.
    InvalidRequest,
    /// The state forbids it.
    Conflict,
    /// The same stands on the same account already.
    DuplicatePost,
    /// The platform refused the credentials.
    ConnectionRefused,
    /// A test key on a live account.
    TestKeyLiveAccount,
    /// It was changed since the client read it.
    VersionMismatch,
    /// The content breaks a platform's rules.
    UnprocessablePost,
    /// The idempotency key was used for another request.
    IdempotencyMismatch,
    /// The first request with this idempotency key is under way.
    IdempotencyInProgress,
    /// A defect of ours.
    Internal,
    /// A part is down; the same may work later.
    Unavailable,
}

impl Code {
    /// The word in the envelope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::ForbiddenScope => "forbidden_scope",
            Self::ForbiddenRole => "forbidden_role",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::AccountNotAllowed => "account_not_allowed",
            Self::PaymentRequired => "payment_required",
            Self::QuotaExceeded => "quota_exceeded",
            Self::RateLimited => "rate_limited",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::PayloadTooLarge => "payload_too_large",
            Self::InvalidRequest => "invalid_request",
            Self::Conflict => "conflict",
            Self::DuplicatePost => "duplicate_post",
            Self::ConnectionRefused => "connection_refused",
            Self::TestKeyLiveAccount => "test_key_live_account",
            Self::VersionMismatch => "version_mismatch",
            Self::UnprocessablePost => "unprocessable_post",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::ForbiddenScope
            | Self::ForbiddenRole
            | Self::OriginNotAllowed
            | Self::IpNotAllowed
            | Self::AccountNotAllowed
            | Self::TestKeyLiveAccount => StatusCode::FORBIDDEN,
            Self::PaymentRequired | Self::QuotaExceeded => StatusCode::PAYMENT_REQUIRED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Conflict | Self::DuplicatePost | Self::IdempotencyInProgress => StatusCode::CONFLICT,
            Self::ConnectionRefused | Self::UnprocessablePost | Self::IdempotencyMismatch => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::VersionMismatch => StatusCode::PRECONDITION_FAILED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
