//! How a request is refused.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use campanile_events::{
    commands::LoadError, db::DbError, ids::AccountId, journal::ReadError, key::Scope, person::Role, seal::SealError,
};
use campanile_projections::page::QueryError;
use serde::Serialize;

use super::{Code, PlanDetail};
use crate::access::{Denied, NoPlace, OutOfReach, PasswordError, PeopleError};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Where, such as `thread[0].body` or `overrides.acct_….first_comment`.
    pub field: String,
    /// A stable name, such as `too_long`.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// The account whose platform minds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// That platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

impl Detail {
    /// Something that is wrong whatever the platform.
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        Self { field, code: code.to_owned(), message, account_id: None, platform: None }
    }
}

/// Why a request was refused, as its client sees it.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// What clients branch on.
    pub code: Code,
    /// What a person reads.
    pub message: String,
    /// What is wrong, field by field.
    pub details: Vec<Detail>,
    /// What the workspace's plan doesn't let it: told as a detail, too.
    pub plan: Option<Box<PlanDetail>>,
    /// More that clients may branch on: `reason`, `state`, `scope`, `post_id`.
    pub facts: Vec<(&'static str, String)>,
    /// For our own log, never for the client.
    pub cause: Option<Box<str>>,
    /// After how many seconds it may be tried again, where that is known.
    pub retry_after: Option<i64>,
}

impl ApiError {
    /// A refusal that says only this.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let (message, details, facts) = (message.into(), Vec::new(), Vec::new());
        Self { code, message, details, plan: None, facts, cause: None, retry_after: None }
    }

    /// With a fact that clients may branch on.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    /// One field is wrong.
    pub fn invalid(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self::invalid_all(vec![Detail::new(field, code, message)])
    }

    /// Several fields are wrong.
    pub fn invalid_all(details: Vec<Detail>) -> Self {
        let first = details.first().map(|it| format!("`{}`: {}", it.field, it.message));
        let mut message = first.unwrap_or_else(|| "the request can't be read".to_owned());
        if details.len() > 1 {
            message = format!("{message} (and {} more: see `details`)", details.len() - 1);
        }
        Self { details, ..Self::new(Code::InvalidRequest, message) }
    }

    /// The same, of fields that name other things: if all that is wrong is that those aren't there, for all that this
    /// caller may know, it is `not_found`.
    pub fn unnamed_all(details: Vec<Detail>) -> Self {
        let code = if details.iter().all(|it| it.code == "not_found") { Code::NotFound } else { Code::InvalidRequest };
        Self { code, ..Self::invalid_all(details) }
    }

    /// There is no such thing in the caller's workspace.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// The key lacks a scope.
    pub fn scope(needed: Scope) -> Self {
        Self::new(Code::ForbiddenScope, format!("this needs a key with the scope `{needed}`"))
            .with("scope", needed.as_str())
    }

    /// The person's role in the workspace lacks a scope.
    pub fn role_without(role: Role, needed: Scope) -> Self {
        let message = format!("the role `{role}` lacks the scope `{needed}`, which this needs");
        Self::new(Code::ForbiddenRole, message).with("role", role.as_str()).with("scope", needed.as_str())
    }

    /// The person is something else in the workspace than this needs.
    pub fn role_other_than(needed: Role, role: Role) -> Self {
        let message = format!("this is for the role `{needed}`, and this is the session of the role `{role}`");
        Self::new(Code::ForbiddenRole, message).with("role", role.as_str())
    }

    /// A key asks for what only people may.
    pub fn for_people() -> Self {
        Self::new(Code::ForbiddenRole, "this is for people: send the token of a session, from `POST /v1/auth/login`")
    }

    /// The key is bound to other accounts than this.
    pub fn account(account: AccountId) -> Self {
        Self::out_of_reach(OutOfReach::OtherAccount(account))
    }

    /// Something is beyond the key's reach.
    pub fn out_of_reach(why: OutOfReach) -> Self {
        let code = match why {
            OutOfReach::LiveAccount(_) | OutOfReach::LivePlatform | OutOfReach::LiveKey | OutOfReach::LiveWorkspace => {
                Code::TestKeyLiveAccount
            }
            OutOfReach::OtherAccount(_) | OutOfReach::FreerKey | OutOfReach::WholeWorkspace => Code::AccountNotAllowed,
        };
        let error = Self::new(code, why.to_string());
        match why {
            OutOfReach::LiveAccount(account) | OutOfReach::OtherAccount(account) => {
                error.with("account_id", account.to_string())
            }
            _ => error,
        }
    }

    /// A defect of ours, or damage. The cause goes to the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let message = "something went wrong here; the request's id finds it in the log";
        Self { cause: Some(cause.to_string().into()), ..Self::new(Code::Internal, message) }
    }

    /// A part is down. The cause goes to the log.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        let message = "a part that this needs is not available now; try again soon";
        Self { cause: Some(cause.to_string().into()), ..Self::new(Code::Unavailable, message) }
    }

    /// Whether who is refused so has shown nothing that opens anything from where they are.
    pub const fn is_of_a_stranger(&self) -> bool {
        matches!(self.code, Code::Unauthorized | Code::OriginNotAllowed | Code::IpNotAllowed)
    }

    /// What the status of an answer says that nobody here wrote.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status {
            StatusCode::NOT_FOUND => Self::new(Code::NotFound, "there is nothing under this path"),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(Code::MethodNotAllowed, "this path doesn't take this method"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(Code::UnsupportedMediaType, "the body must be JSON"),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Code::PayloadTooLarge, "the body is too long"),
            status if status.is_client_error() => Self::new(Code::InvalidRequest, "the request can't be read"),
            status if status.is_server_error() => Self::internal(status),
            _ => return None,
        })
    }
}

/// The body is written by [`super::envelope()`], which knows the request's id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<OutOfReach> for ApiError {
    fn from(why: OutOfReach) -> Self {
        Self::out_of_reach(why)
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match (denied.reason(), &denied) {
            (Some(reason), _) => Self::new(Code::Unauthorized, denied.to_string()).with("reason", reason),
            (None, Denied::Origin) => Self::new(Code::OriginNotAllowed, denied.to_string()),
            (None, Denied::Ip) => Self::new(Code::IpNotAllowed, denied.to_string()),
            (None, _) => Self::unavailable(denied),
        }
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(error) => error.into(),
            LoadError::Unreadable(error) => Self::unavailable(error),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            // A newer build may answer: this node gives way to it.
            ReadError::Unavailable(_) | ReadError::Newer { .. } => Self::unavailable(error),
            ReadError::Damaged { .. } => Self::internal(error),
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) => Self::unavailable(error),
            DbError::Statement(_) | DbError::Column { .. } => Self::internal(error),
        }
    }
}

impl From<SealError> for ApiError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Db(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Db(error) => error.into(),
            QueryError::Cursor { .. } => Self::invalid("cursor", "invalid", "is not a cursor of this list"),
            // The tables may have just become a newer build's, before this node knows that it has to give way.
            QueryError::State { .. } => Self::unavailable(error),
        }
    }
}

impl From<NoPlace> for ApiError {
    fn from(why: NoPlace) -> Self {
        match &why {
            NoPlace::Unsaid(open) => {
                let names = open.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Self::invalid(super::WORKSPACE, "missing", format!("say which workspace: {names}"))
            }
            NoPlace::Nowhere => Self::new(Code::ForbiddenRole, why.to_string()),
            NoPlace::NotThere => Self::not_found("workspace"),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Length => Self::invalid("password", "length", error.to_string()),
            PasswordError::Hash(_) => Self::internal(error),
            PasswordError::Db(error) => error.into(),
        }
    }
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Db(error) => error.into(),
            PeopleError::Read(error) => error.into(),
            PeopleError::Load(error) => error.into(),
            PeopleError::Seal(error) => error.into(),
            PeopleError::Password(error) => error.into(),
            PeopleError::NoOrganization => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::ids::Position;

    use super::*;

    #[test]
    fn what_a_newer_build_wrote_may_be_asked_for_again() {
        let newer = ReadError::Newer { position: Position(7), reason: "unknown stream kind `choir`".to_owned() };
        let state = QueryError::State { id: "post_1".to_owned(), reason: "unknown variant".to_owned() };
        for error in [ApiError::from(newer), state.into()] {
            assert_eq!(error.code, Code::Unavailable, "{error:?}");
            assert!(!error.message.contains("choir") && !error.message.contains("post_1"), "{}", error.message);
        }
        let damaged = ReadError::Damaged { position: Position(7), reason: "the event is missing".to_owned() };
        assert_eq!(ApiError::from(damaged).code, Code::Internal);
    }
}
