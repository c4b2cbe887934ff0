//! The log in a folder that nobody else has.

use async_trait::async_trait;
use campanile_events::{
    ids::Position,
    journal::{HeldClaim, ReadAhead, Recorded},
};

use super::{LogSource, LogState, SourceError};
use crate::engine::{Notary, Store, bundle::Bundler};

/// The log of an opened folder.
pub(super) struct OpenLog {
    store: Store,
    events: ReadAhead,
}

impl OpenLog {
    pub(super) fn of(store: Store) -> Self {
        Self { events: ReadAhead::of(&store.journal), store }
    }
}

#[async_trait]
impl LogSource for OpenLog {
    async fn state(&self) -> Result<LogState, SourceError> {
        let store = &self.store;
        LogState::read(store.journal.as_ref(), &store.checkpoints, &store.signing_key.verifying_key()).await
    }

    async fn sign(&self) -> Result<LogState, SourceError> {
        let signed = Notary::of(&self.store).sign_after(Position(0)).await;
        signed.map_err(|error| SourceError::Read(error.to_string()))?;
        self.state().await
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), SourceError> {
        self.store.journal.held_claims().await.map_err(|error| SourceError::Read(error.to_string()))
    }

    async fn bundle(&self) -> Result<Vec<u8>, SourceError> {
        Bundler::of(&self.store).seal().await.map_err(|error| SourceError::Read(error.to_string()))
    }

    async fn moves(&self) -> Result<(), SourceError> {
        let store = &self.store;
        let failed = |error: &dyn std::fmt::Display| SourceError::Read(error.to_string());
        if store.is_served().await.map_err(|error| failed(&error))? {
            return Err(SourceError::Served);
        }
        let epoch = store.journal.head().await.map_err(|error| failed(&error))?.epoch;
        store.marks.moves(epoch).await.map_err(|error| failed(&error))
    }

    async fn events(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, SourceError> {
        self.events.read(after, limit).await.map_err(|error| SourceError::Read(error.to_string()))
    }
}
