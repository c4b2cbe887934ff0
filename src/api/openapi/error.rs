//! A refusal as clients see it.

use utoipa::ToSchema;

/// The one envelope of every refusal.
#[derive(Debug, ToSchema)]
pub struct Refusal {
    /// What went wrong.
    pub error: Error,
}

/// What went wrong. `code` is what programs branch on; the other words beside it stand there where they are known.
#[derive(Debug, ToSchema)]
pub struct Error {
    /// A stable name.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// The request's id: it finds the request in the log.
    pub request_id: String,
    /// What is wrong, field by field.
    pub details: Vec<FieldError>,
    /// With `unauthorized`: why.
    #[schema(nullable = false, value_type = Option<Reason>)]
    pub reason: Option<String>,
    /// With `rate_limited`, where somebody gives a password: how many seconds to wait, as `Retry-After` says.
    #[schema(nullable = false, pattern = "^[0-9]+$")]
    pub retry_after_seconds: Option<String>,
    /// With `forbidden_scope` and `forbidden_role`: the scope that is needed.
    #[schema(nullable = false)]
    pub scope: Option<String>,
    /// With `forbidden_role`: what the person is in the workspace.
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// With `conflict`: the state that forbids it.
    #[schema(nullable = false)]
    pub state: Option<String>,
    /// With `duplicate_post`: the other post.
    #[schema(nullable = false)]
    pub post_id: Option<String>,
    /// The account that it is about.
    #[schema(nullable = false)]
    pub account_id: Option<String>,
    /// With `version_mismatch`: the revision that it is at.
    #[schema(nullable = false)]
    pub revision: Option<String>,
    /// With `connection_refused`: the platform's own status.
    #[schema(nullable = false)]
    pub platform_status: Option<String>,
}

/// Why nothing is open to who asks: no secret was sent (`missing_key`), it is none of this engine (`invalid_key`), the
/// key's time is over (`expired_key`), the key was revoked (`revoked_key`), the session has ended (`expired_session`), or
/// the e-mail address or the password that somebody gave is wrong (`invalid_credentials`; which of them is not told).
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Reason {
    /// No secret was sent.
    MissingKey,
    /// It is none of this engine.
    InvalidKey,
    /// The key's time is over.
    ExpiredKey,
    /// The key was revoked.
    RevokedKey,
    /// The session has ended.
    ExpiredSession,
    /// The address or the password is wrong.
    InvalidCredentials,
}

/// One thing that is wrong.
#[derive(Debug, ToSchema)]
pub struct FieldError {
    /// Where, such as `thread[0].body` or `overrides.acct_….first_comment`.
    pub field: String,
    /// A stable name, such as `too_long`.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// The account whose platform minds.
    #[schema(nullable = false)]
    pub account_id: Option<String>,
    /// That platform.
    #[schema(nullable = false)]
    pub platform: Option<String>,
    /// With `payment_required` and `quota_exceeded`: the workspace's plan.
    #[schema(nullable = false)]
    pub plan: Option<String>,
    /// With `payment_required`: the feature that the plan lacks.
    #[schema(nullable = false)]
    pub feature: Option<String>,
    /// With `quota_exceeded`: the quota that is used up.
    #[schema(nullable = false)]
    pub quota: Option<String>,
    /// With `quota_exceeded`: how much a month holds.
    #[schema(nullable = false)]
    pub limit: Option<u64>,
    /// With `quota_exceeded`: how much of it is used.
    #[schema(nullable = false)]
    pub used: Option<u64>,
    /// With `quota_exceeded`: how much was asked for.
    #[schema(nullable = false)]
    pub requested: Option<u64>,
    /// With `quota_exceeded`: when the next month begins.
    #[schema(nullable = false, format = DateTime)]
    pub resets_at: Option<String>,
}
