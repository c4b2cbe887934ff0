//! Why a batch did not commit, and what its callers are told.

use crate::{
    db::{DbError, is_refusal},
    journal::{AppendError, ReadError},
};

/// Nothing of the batch was stored.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// One append of the batch can't be stored as it is; which one shows when they are tried alone.
    Refused(String),
    /// The file can't be written now.
    Unavailable(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        if is_refusal(&error) { Self::Refused(error.to_string()) } else { Self::Unavailable(error.to_string()) }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<Failure> for AppendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(reason) => Self::Refused(reason),
            Failure::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<DbError> for ReadError {
    fn from(error: DbError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
