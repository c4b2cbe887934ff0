//! Which of PostgreSQL's errors pass, which are the statement's own fault, and what a session is worth after one.

use std::{error::Error as _, io};

use tokio_postgres::{
    Error,
    error::{DbError as Refusal, Severity, SqlState},
};

use crate::db::DbError;

/// An error, with what it means to the session.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: DbError,
    /// The session can't be used again.
    pub(super) is_lost: bool,
    /// A prepared statement no longer fits its tables: prepared anew, it would work.
    pub(super) is_stale: bool,
}

impl Failure {
    /// The server does not answer.
    pub(super) fn silent() -> Self {
        let error = DbError::Unavailable("the server doesn't answer".to_owned());
        Self { error, is_lost: true, is_stale: false }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let refusal = error.as_db_error();
        let is_lost = error.is_closed()
            || match refusal.map(Refusal::parsed_severity) {
                Some(severity) => severity != Some(Severity::Error),
                None => is_of_the_way(&error),
            };
        let is_stale = error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED);
        Self { error: error.into(), is_lost, is_stale }
    }
}

/// Says the server's message and code, never its detail: that may quote a row.
impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => {
                let text = format!("{} ({})", refusal.message(), refusal.code().code());
                if is_passing(refusal) { Self::Unavailable(text) } else { Self::Statement(text) }
            }
            None if error.is_closed() => Self::Unavailable("the connection is lost".to_owned()),
            None => {
                let reason = error.source().map_or_else(String::new, |reason| format!(": {reason}"));
                let text = format!("{error}{reason}");
                if is_of_the_way(&error) { Self::Unavailable(text) } else { Self::Statement(text) }
            }
        }
    }
}

/// By class: connections, resources, interventions by the operator, the system's own errors, and whoever lost to a
/// concurrent transaction or a time limit.
fn is_passing(refusal: &Refusal) -> bool {
    let code = refusal.code();
    let class = code.code().get(..2).unwrap_or_default();
    // `54` is a limit that the statement itself passed; `53` is the machine's.
    matches!(class, "08" | "28" | "3D" | "40" | "53" | "57" | "58" | "XX")
        || [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

/// Nobody answered, or not in time.
fn is_of_the_way(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(reason) = source {
        if reason.is::<io::Error>() {
            return true;
        }
        source = reason.source();
    }
    // The connecting itself: no host, a refused handshake, a server without TLS.
    let text = error.to_string();
    ["error connecting", "error performing TLS", "timeout waiting", "authentication error", "invalid configuration"]
        .iter()
        .any(|start| text.starts_with(start))
}
