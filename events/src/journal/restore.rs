//! The door through which a log comes back: from an export into an empty journal, event by event as it was recorded.

use async_trait::async_trait;

use super::{Hash, Head, ReadError, Recorded};
use crate::{db::DbError, ids::Position};

/// Why a log was not restored. In every case the journal is as empty as it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RestoreError {
    /// Something was recorded here already.
    #[error("the log holds {0} events already")]
    NotEmpty(Position),
    /// An event doesn't follow from those before it.
    #[error("position {position}: {reason}")]
    Unfit {
        /// Where.
        position: Position,
        /// What is wrong.
        reason: String,
    },
    /// The events lead somewhere else than they should.
    #[error("{0}")]
    OtherEnd(String),
    /// The engine below can't store now.
    #[error("the journal is unavailable: {0}")]
    Unavailable(String),
}

/// A restore under way, in one transaction from the first event to [`Restoring::finish`]: until that has answered there
/// is nothing for anybody to see, and whatever breaks off before leaves nothing. Nobody else appends meanwhile.
#[async_trait]
pub trait Restoring: Send {
    /// Takes the next events, in order. Each is checked against those before: its position, its time, its version in its
    /// stream, its number in its workspace, its hash, the names that it takes.
    ///
    /// # Errors
    /// [`RestoreError::Unfit`] for the first that doesn't follow. After an error nothing can be finished.
    async fn take(&mut self, events: Vec<Recorded>) -> Result<(), RestoreError>;

    /// Makes the events the log: head, epoch, workspaces' numbers and claims are what follows from them.
    ///
    /// # Errors
    /// [`RestoreError::OtherEnd`] unless there are `size` events and `root` is the root over them.
    async fn finish(self: Box<Self>, size: Position, root: Hash) -> Result<Head, RestoreError>;
}

impl From<ReadError> for RestoreError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(reason) => Self::Unavailable(reason),
            other @ (ReadError::Damaged { .. } | ReadError::Newer { .. }) => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<DbError> for RestoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(reason) => Self::Unavailable(reason),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
