//! The port that every engine implements, and the errors that it may give.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    Append, Exceeded, Head, HeldClaim, NewEvent, Receipt, Recorded, RestoreError, Restoring, StreamId, StreamKind,
};
use crate::ids::{Position, Version, WorkspaceId};

/// Why an append did not happen. In every case nothing of it was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream moved on since the decision was made: load and decide again.
    #[error("stream {stream} is at version {actual}, not {expected}")]
    VersionConflict {
        /// The stream that moved.
        stream: StreamId,
        /// The version the decision was made on.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// A unique name belongs to another stream.
    #[error("the {kind} is taken")]
    ClaimTaken {
        /// What sort of name.
        kind: String,
        /// The name, as it was asked for.
        value: String,
        /// Who holds it.
        holder: StreamId,
    },
    /// A request with this idempotency key was carried out before.
    #[error("a request with this idempotency key was carried out before")]
    ReceiptExists(Box<Receipt>),
    /// A quota of the workspace's plan doesn't hold as much any more.
    #[error(transparent)]
    QuotaExceeded(Box<Exceeded>),
    /// The append was to begin the log, which holds something already.
    #[error("the log holds {0} events already")]
    NotEmpty(Position),
    /// The append can never go in, whatever the log holds.
    #[error("the append is refused: {0}")]
    Refused(String),
    /// Too many appends wait; try again in a second.
    #[error("too many appends wait")]
    QueueFull,
    /// The engine below can't store now (full disk, connection lost, shutting down).
    #[error("the journal is unavailable: {0}")]
    Unavailable(String),
}

/// Why a read gave nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The engine below can't answer now.
    #[error("the journal is unavailable: {0}")]
    Unavailable(String),
    /// What is stored can't be what was written: a hole in the positions, or a row that doesn't read.
    #[error("the journal is damaged at position {position}: {reason}")]
    Damaged {
        /// Where.
        position: Position,
        /// What is wrong.
        reason: String,
    },
    /// A newer build has written what this one doesn't know.
    #[error("a newer build wrote position {position}: {reason}")]
    Newer {
        /// Where.
        position: Position,
        /// What isn't known.
        reason: String,
    },
}

/// The log, whichever engine keeps it.
#[async_trait]
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Appends all events or none, and answers with them once they are durable.
    async fn append(&self, append: Append) -> Result<Vec<Arc<Recorded>>, AppendError>;

    /// The events of a stream after `after`, at most `limit`, in order.
    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, ReadError>;

    /// The events of the log after `after`, at most `limit`, in order, without a hole: a hole is
    /// [`ReadError::Damaged`].
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError>;

    /// The same for who follows the log's end: what this process has just appended may come from memory, and then not
    /// everything that others have appended since is among it. Who wants what is stored asks [`Journal::read`].
    async fn tail(&self, after: Position, limit: usize) -> Result<Vec<Arc<Recorded>>, ReadError> {
        Ok(self.read(after, limit).await?.into_iter().map(Arc::new).collect())
    }

    /// The streams of a kind that moved after `after` and up to `to`, in order. A log that doesn't reach as far is
    /// [`ReadError::Damaged`].
    async fn moved(&self, kind: StreamKind, after: Position, to: Position) -> Result<Vec<Moved>, ReadError>;

    /// Gives up what is remembered for [`Journal::tail`], for when nothing happens.
    fn rest(&self) {}

    /// Where the log ends.
    async fn head(&self) -> Result<Head, ReadError>;

    /// The receipt kept under a client's idempotency key.
    async fn receipt(&self, workspace: WorkspaceId, key: &str) -> Result<Option<Receipt>, ReadError>;

    /// Forgets receipts that were kept before an instant, at most `limit`, and says how many: as many as `limit` means
    /// that there may be more.
    async fn forget_receipts(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, ReadError>;

    /// The stream that holds a unique name.
    async fn holder(&self, workspace: WorkspaceId, kind: &str, value: &str) -> Result<Option<StreamId>, ReadError>;

    /// Every name that is held, and the position up to which that is so: both of one moment. For who checks the table
    /// against the events ([`super::Holders`]).
    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), ReadError>;

    /// How many events each workspace has, by id: what the workspaces' root of a checkpoint is made of.
    async fn workspace_numbers(&self) -> Result<Vec<(WorkspaceId, u64)>, ReadError>;

    /// Begins to put a log back into this journal, which must be empty: the events of an export, exactly as they were
    /// recorded. All or nothing. Receipts are no events and don't come with them.
    ///
    /// # Errors
    /// [`RestoreError::NotEmpty`] if something was recorded here.
    async fn restore(&self) -> Result<Box<dyn Restoring>, RestoreError>;

    /// Follows the last committed position. It only tells that there is something to read; a tail asks
    /// [`Journal::tail`].
    fn watch(&self) -> watch::Receiver<Position>;
}

/// What an event moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The event's position.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// The stream's version since then.
    pub version: Version,
}

/// Is told how appending goes; must not take long.
pub trait AppendObserver: Send + Sync + std::fmt::Debug {
    /// One transaction committed so many events.
    fn committed(&self, events: u64);

    /// An append was answered, so long after it was given.
    fn appended(&self, took: std::time::Duration);
}

/// The text of an event holds U+0000, which no engine may be asked to keep.
pub fn holds_nul(event: &NewEvent) -> bool {
    event.payload.contains('\0') || event.payload.contains("\\u0000")
}
