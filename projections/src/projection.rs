//! What a read model is to the runner.

use async_trait::async_trait;
use campanile_events::{
    db::{DbError, Engine, Table},
    ids::Position,
    journal::{Recorded, StreamId},
    stored::UnreadableEvent,
};
use uuid::Uuid;

use crate::rows::RowCache;

/// A read model's table, for both engines.
#[derive(Debug, Clone, Copy)]
pub struct TableDefinition {
    /// Name, columns and key.
    pub table: Table,
    /// Makes it on SQLite. `{name}` stands for the table's name, which is another while it is built beside the live one;
    /// `{build}` for a number that keeps names of indexes apart.
    pub sqlite: &'static str,
    /// Makes it on PostgreSQL, with the same places. States and errors are `json`, not `jsonb`: what a platform said may
    /// hold a `\\u0000`, which `jsonb` refuses, and one such answer would stop every read model.
    pub postgres: &'static str,
}

impl TableDefinition {
    /// The statements that make it under `name`.
    pub fn create(&self, engine: Engine, name: &str, build: u64) -> String {
        let script = match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        };
        script.replace("{name}", name).replace("{build}", &build.to_string())
    }
}

/// A read model: kept current from the log, and built anew when its version is raised.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its name, for ever: its checkpoint goes by it.
    fn name(&self) -> &'static str;

    /// Raised with every change of its tables or of what `apply` makes of an event.
    fn version(&self) -> u32;

    /// Its tables.
    fn tables(&self) -> &'static [&'static TableDefinition];

    /// Folds events, in the log's order, into rows. May be called again with events whose rows were not kept: what it
    /// remembers between batches must go by [`RowCache::span`].
    ///
    /// # Errors
    /// [`ApplyError`] names the event that can't be applied; nothing of the batch is kept then.
    async fn apply(&self, batch: &[&Recorded], rows: &mut RowCache<'_>) -> Result<(), ApplyError>;

    /// Drops what it remembers between batches: rows changed behind its back.
    fn forget(&self) {}
}

/// Why a batch was not applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    /// One event can't be applied; its stream is parked if that stays so.
    #[error("{stream} at position {position}: {reason}")]
    Event {
        /// The event.
        position: Position,
        /// Its stream.
        stream: StreamId,
        /// What is wrong.
        reason: String,
    },
    /// A newer build wrote an event: this build must not go on.
    #[error("position {position}: {error}")]
    NewerBuild {
        /// The event.
        position: Position,
        /// Its name and schema version.
        error: UnreadableEvent,
    },
    /// A state can't be written as JSON. A defect of ours.
    #[error("the state of {id} can't be written: {reason}")]
    State {
        /// Whose state.
        id: Uuid,
        /// What is wrong.
        reason: String,
    },
    /// The rows could not be read.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ApplyError {
    /// That this event can't be applied.
    pub fn event(recorded: &Recorded, reason: impl std::fmt::Display) -> Self {
        Self::Event { position: recorded.position, stream: recorded.stream, reason: reason.to_string() }
    }

    /// That this event doesn't read.
    pub fn unreadable(recorded: &Recorded, error: UnreadableEvent) -> Self {
        match error {
            UnreadableEvent::Unknown { .. } => Self::NewerBuild { position: recorded.position, error },
            UnreadableEvent::Malformed { .. } => Self::event(recorded, error),
        }
    }
}
