//! The log in a folder that nobody else has.

use async_trait::async_trait;
use campanile_events::{
    ids::Position,
    journal::{HeldClaim, Recorded},
};

use super::{LogSource, LogState, SourceError};
use crate::engine::{Notary, Store, bundle::Bundler};

/// The log of an opened folder.
pub(super) struct OpenLog(pub Store);

#[async_trait]
impl LogSource for OpenLog {
    async fn state(&self) -> Result<LogState, SourceError> {
        let store = &self.0;
        LogState::read(store.journal.as_ref(), &store.checkpoints, &store.signing_key.verifying_key()).await
    }

    async fn sign(&self) -> Result<LogState, SourceError> {
        let signed = Notary::of(&self.0).sign_after(Position(0)).await;
        signed.map_err(|error| SourceError::Read(error.to_string()))?;
        self.state().await
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), SourceError> {
        self.0.journal.held_claims().await.map_err(|error| SourceError::Read(error.to_string()))
    }

    async fn bundle(&self) -> Result<Vec<u8>, SourceError> {
        Bundler::of(&self.0).seal().await.map_err(|error| SourceError::Read(error.to_string()))
    }

    async fn moves(&self) -> Result<(), SourceError> {
        let store = &self.0;
        let failed = |error: &dyn std::fmt::Display| SourceError::Read(error.to_string());
        if store.is_served().await.map_err(|error| failed(&error))? {
            return Err(SourceError::Served);
        }
        let epoch = store.journal.head().await.map_err(|error| failed(&error))?.epoch;
        store.marks.moves(epoch).await.map_err(|error| failed(&error))
    }

    async fn events(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, SourceError> {
        self.0.journal.read(after, limit).await.map_err(|error| SourceError::Read(error.to_string()))
    }
}
