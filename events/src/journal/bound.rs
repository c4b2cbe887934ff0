//! The log as clients' requests may read it: of one workspace at a time.

use std::sync::Arc;

use super::{Head, Journal, ReadError, Receipt, Recorded, StreamId};
use crate::ids::{Version, WorkspaceId};

/// The log, read by the workspace that things belong to. What belongs to all is had by [`BoundLog::everywhere`] alone: so
/// nobody reads another's by mistake.
///
/// ```
/// # use campanile_events::{ids::{Version, WorkspaceId}, journal::{BoundLog, StreamId}};
/// # async fn asked(log: &BoundLog, own: WorkspaceId, stream: StreamId) {
/// log.read_stream(own, stream, Version(0), 20).await;
/// # }
/// ```
/// ```compile_fail
/// # use campanile_events::{ids::Position, journal::BoundLog};
/// # async fn asked(log: &BoundLog) {
/// log.read(Position(0), 20).await;
/// # }
/// ```
/// ```compile_fail
/// # use campanile_events::{ids::Version, journal::{BoundLog, StreamId}};
/// # async fn asked(log: &BoundLog, stream: StreamId) {
/// log.read_stream(stream, Version(0), 20).await;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BoundLog(Arc<dyn Journal>);

impl BoundLog {
    /// This log.
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self(journal)
    }

    /// The events of a stream of this workspace; none of a stream that is another's.
    pub async fn read_stream(
        &self,
        workspace: WorkspaceId,
        stream: StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let mut events = self.0.read_stream(stream, after, limit).await?;
        events.retain(|event| event.workspace == workspace);
        Ok(events)
    }

    /// See [`Journal::receipt`].
    pub async fn receipt(&self, workspace: WorkspaceId, key: &str) -> Result<Option<Receipt>, ReadError> {
        self.0.receipt(workspace, key).await
    }

    /// See [`Journal::holder`].
    pub async fn holder(&self, workspace: WorkspaceId, kind: &str, value: &str) -> Result<Option<StreamId>, ReadError> {
        self.0.holder(workspace, kind, value).await
    }

    /// Where the log ends, which tells nothing of what is in it.
    pub async fn head(&self) -> Result<Head, ReadError> {
        self.0.head().await
    }

    /// All of it, of every workspace: for who looks after the engine, never for a client's request.
    pub fn everywhere(&self) -> &Arc<dyn Journal> {
        &self.0
    }
}
