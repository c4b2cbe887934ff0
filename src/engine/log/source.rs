//! Where the log is read from.

use async_trait::async_trait;
use campanile_events::{
    clock::SystemClock,
    ids::Position,
    journal::{HeldClaim, Recorded},
};

use super::{LogState, local::OpenLog, socket::SocketLog};
use crate::{
    configuration::Folder,
    engine::{LockError, OpenError, Opening, Store},
};

/// A log that can be read.
#[async_trait]
pub trait LogSource: Send + Sync {
    /// What the log says of itself.
    async fn state(&self) -> Result<LogState, SourceError>;

    /// Has its end signed now, and says of itself what it says then.
    async fn sign(&self) -> Result<LogState, SourceError>;

    /// The names that are held, and up to which position that is so.
    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), SourceError>;

    /// What its engine needs besides it, as the bytes of a bundle's file.
    async fn bundle(&self) -> Result<Vec<u8>, SourceError>;

    /// Marks it as moved away, so that nobody serves it any more.
    async fn moves(&self) -> Result<(), SourceError>;

    /// The events after a position, in order, at most `limit`; none at the end.
    async fn events(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, SourceError>;
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The process that has the folder doesn't answer.
    #[error("{held}, and its socket does not answer: {reason}")]
    Socket {
        /// Who has it.
        held: LockError,
        /// Why.
        reason: String,
    },
    /// Somebody serves it.
    #[error(
        "the log is being served: stop the engine first, and all its nodes (one that was killed is forgotten after ten seconds)"
    )]
    Served,
    /// The process that had the folder is gone.
    #[error("the engine stopped")]
    Stopped,
    /// It can't be read, or holds what can't have been written.
    #[error("{0}")]
    Read(String),
}

/// The log of a folder: opened here, or by the process that has the folder.
pub async fn open(folder: &Folder) -> Result<Box<dyn LogSource>, SourceError> {
    match Store::open(folder, Opening::Existing, SystemClock::shared()).await {
        Ok(store) if store.is_empty().await.map_err(OpenError::from)? => Err(OpenError::Empty(store.folder).into()),
        Ok(store) => Ok(Box::new(OpenLog::of(store))),
        Err(OpenError::Lock(held @ LockError::Held { .. })) => {
            let socket = SocketLog::of(&folder.path);
            match socket.state().await {
                Ok(_) => Ok(Box::new(socket)),
                Err(SourceError::Stopped) => {
                    Err(SourceError::Socket { held, reason: "nobody listens on it".to_owned() })
                }
                Err(error) => Err(SourceError::Socket { held, reason: error.to_string() }),
            }
        }
        Err(error) => Err(error.into()),
    }
}
