//! Which of SQLite's errors pass, and which are the statement's own fault.

use rusqlite::{Error, ErrorCode};

use crate::db::DbError;

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        if is_passing(&error) { Self::Unavailable(error.to_string()) } else { Self::Statement(error.to_string()) }
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
        )
    )
}

/// What was to be written is refused for what it is: it would be refused again.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch)
    )
}
