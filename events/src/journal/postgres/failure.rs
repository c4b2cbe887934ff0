//! Why a batch did not commit, and what its callers are told.

use tokio_postgres::error::Severity;

use crate::db::DbError;

/// What became of a batch that was not acknowledged.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// Nothing was stored: one append of the batch can't be stored as it is; which one shows when they are tried alone.
    Refused(String),
    /// Nothing was stored: the server can't do it now.
    Unavailable(String),
    /// Nothing was stored: the connection broke before the commit was sent. The same may work on another at once.
    Lost(String),
    /// The connection broke after the commit was sent: it must be looked up.
    InDoubt(String),
}

impl Failure {
    /// Why, in words.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Refused(reason) | Self::Unavailable(reason) | Self::Lost(reason) | Self::InDoubt(reason) => reason,
        }
    }

    /// A statement failed before the commit was sent.
    pub(super) fn before_commit(error: tokio_postgres::Error) -> Self {
        if is_answer(&error) { Self::Unavailable(unavailable(error)) } else { Self::Lost(unavailable(error)) }
    }

    /// A statement failed in the flight that ended with the commit. Where the server refused one and lived on, the
    /// transaction was aborted, and what followed could not commit it.
    pub(super) fn in_commit(error: tokio_postgres::Error) -> Self {
        if !is_answer(&error) {
            return Self::InDoubt(unavailable(error));
        }
        match DbError::from(error) {
            DbError::Unavailable(reason) => Self::Unavailable(reason),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

/// The server answered with an error, and the session goes on.
fn is_answer(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| error.parsed_severity() == Some(Severity::Error))
}

/// The reason in words, without what a row holds.
pub(super) fn unavailable(error: tokio_postgres::Error) -> String {
    match DbError::from(error) {
        DbError::Unavailable(reason) | DbError::Statement(reason) => reason,
        column @ DbError::Column { .. } => column.to_string(),
    }
}
