//! A journal whose wake-ups can be cut and whose looks at the log's end can be held up.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use campanile_events::{
    ids::{Position, Version, WorkspaceId},
    journal::{
        Append, AppendError, Head, HeldClaim, Journal, Moved, ReadError, Receipt, Recorded, RestoreError, Restoring,
        StreamId, StreamKind,
    },
};
use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, watch};

#[derive(Debug)]
pub(super) struct Impaired {
    below: Arc<dyn Journal>,
    /// What followers hear instead of what is committed, if they are to hear nothing.
    silence: Option<watch::Sender<Position>>,
    /// A look needs one of these.
    looks: Semaphore,
    streams: AtomicUsize,
}

impl Impaired {
    pub(super) fn new(below: Arc<dyn Journal>, is_deaf: bool) -> Arc<Self> {
        let silence = is_deaf.then(|| watch::Sender::new(Position(0)));
        Arc::new(Self { below, silence, looks: Semaphore::new(1), streams: AtomicUsize::new(0) })
    }

    /// Lets the look that is under way end, and no other begin.
    pub(super) async fn stop_looking(&self) {
        self.looks.acquire().await.expect("never closed").forget();
    }

    pub(super) fn look_again(&self) {
        self.looks.add_permits(1);
    }

    /// How many streams were read.
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Journal for Impaired {
    async fn append(&self, append: Append) -> Result<Vec<Arc<Recorded>>, AppendError> {
        self.below.append(append).await
    }

    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        self.streams.fetch_add(1, Ordering::SeqCst);
        self.below.read_stream(stream, after, limit).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        self.below.read(after, limit).await
    }

    async fn moved(&self, kind: StreamKind, after: Position, to: Position) -> Result<Vec<Moved>, ReadError> {
        self.below.moved(kind, after, to).await
    }

    async fn head(&self) -> Result<Head, ReadError> {
        let _look = self.looks.acquire().await.expect("never closed");
        self.below.head().await
    }

    async fn receipt(&self, workspace: WorkspaceId, key: &str) -> Result<Option<Receipt>, ReadError> {
        self.below.receipt(workspace, key).await
    }

    async fn forget_receipts(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, ReadError> {
        self.below.forget_receipts(before, limit).await
    }

    async fn holder(&self, workspace: WorkspaceId, kind: &str, value: &str) -> Result<Option<StreamId>, ReadError> {
        self.below.holder(workspace, kind, value).await
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), ReadError> {
        self.below.held_claims().await
    }

    async fn workspace_numbers(&self) -> Result<Vec<(WorkspaceId, u64)>, ReadError> {
        self.below.workspace_numbers().await
    }

    async fn restore(&self) -> Result<Box<dyn Restoring>, RestoreError> {
        self.below.restore().await
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.silence.as_ref().map_or_else(|| self.below.watch(), watch::Sender::subscribe)
    }
}
