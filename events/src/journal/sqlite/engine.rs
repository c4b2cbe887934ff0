//! The port, on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{appender, restore::Restore, rows, tables};
use crate::{
    clock::SharedClock,
    db::{Database, Sqlite, migrate},
    ids::{Position, Version, WorkspaceId},
    journal::{
        Append, AppendError, AppendObserver, Head, HeldClaim, Journal, Moved, ReadError, Receipt, Recorded,
        RestoreError, Restoring, StreamId, StreamKind,
        queue::{Queue, Tally},
        refusal,
        streams::{Asked, Streamed, Streams},
    },
};

/// The journal in a SQLite file, which it may share with side tables. Clones share one queue.
#[derive(Debug, Clone)]
pub struct SqliteJournal {
    db: Sqlite,
    queue: Queue,
    streams: Arc<Streams>,
}

impl SqliteJournal {
    /// Opens the journal in `db`, or makes it. Its appending task runs on the current runtime.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the head and the last event don't agree.
    pub async fn open(db: Sqlite, clock: SharedClock) -> Result<Self, ReadError> {
        Self::open_with(db, clock, None).await
    }

    /// The same, telling somebody how appending goes.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_observed(
        db: Sqlite,
        clock: SharedClock,
        observer: Arc<dyn AppendObserver>,
    ) -> Result<Self, ReadError> {
        Self::open_with(db, clock, Some(observer)).await
    }

    async fn open_with(
        db: Sqlite,
        clock: SharedClock,
        observer: Option<Arc<dyn AppendObserver>>,
    ) -> Result<Self, ReadError> {
        migrate(&db, tables::OWNER, tables::MIGRATIONS).await?;
        let head = db.read(rows::checked_head).await??;
        let queue = appender::start(db.clone(), clock, Tally::new(head, observer));
        Ok(Self { db, queue, streams: Arc::default() })
    }

    /// One way to the reading thread for all of them.
    async fn read_streams(&self, round: Vec<Asked>) -> Vec<Streamed> {
        let read = |connection: &_, asked: &Asked| rows::stream(connection, asked.stream, asked.after, asked.limit);
        let many = round.len();
        let answers =
            self.db.read(move |connection| round.iter().map(|asked| read(connection, asked)).collect::<Vec<_>>()).await;
        answers.unwrap_or_else(|error| vec![Err(error.into()); many])
    }

    /// How many appends wait to be taken up.
    pub fn queue_depth(&self) -> usize {
        self.queue.depth()
    }

    /// How many transactions this process has appended with.
    pub fn committed_batches(&self) -> u64 {
        self.queue.tally().batches()
    }

    /// How many events this process has appended; over [`Self::committed_batches`], a batch's mean size.
    pub fn committed_events(&self) -> u64 {
        self.queue.tally().events()
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&self, append: Append) -> Result<Vec<Arc<Recorded>>, AppendError> {
        refusal::check(&append)?;
        self.queue.append(append).await
    }

    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let asked = Asked { stream, after, limit };
        self.streams.ask(asked, |round| self.read_streams(round)).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        self.db.read(move |connection| rows::log(connection, after, limit)).await?
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Vec<Arc<Recorded>>, ReadError> {
        match self.queue.tally().recent().after(after, limit) {
            Some(events) => Ok(events),
            None => Ok(self.read(after, limit).await?.into_iter().map(Arc::new).collect()),
        }
    }

    async fn moved(&self, kind: StreamKind, after: Position, to: Position) -> Result<Vec<Moved>, ReadError> {
        self.db.read(move |connection| rows::moved(connection, kind, after, to)).await?
    }

    fn rest(&self) {
        self.queue.tally().recent().forget();
    }

    async fn head(&self) -> Result<Head, ReadError> {
        let head = self.db.read(rows::head).await??;
        Ok(Head {
            epoch: head.epoch,
            position: head.position,
            recorded_at: head.recorded_at,
            root: head.frontier.root(),
        })
    }

    async fn receipt(&self, workspace: WorkspaceId, key: &str) -> Result<Option<Receipt>, ReadError> {
        let key = key.to_owned();
        self.db.read(move |connection| rows::receipt(connection, workspace, &key)).await?
    }

    async fn forget_receipts(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, ReadError> {
        self.db.write(move |connection| rows::forget_receipts(connection, before, limit)).await?
    }

    async fn holder(&self, workspace: WorkspaceId, kind: &str, value: &str) -> Result<Option<StreamId>, ReadError> {
        let (kind, value) = (kind.to_owned(), value.to_owned());
        let holder = self.db.read(move |connection| rows::holder(connection, workspace, &kind, &value)).await??;
        Ok(holder.map(|(stream, _)| stream))
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), ReadError> {
        self.db.read(rows::held_claims).await?
    }

    async fn workspace_numbers(&self) -> Result<Vec<(WorkspaceId, u64)>, ReadError> {
        self.db.read(rows::numbers).await?
    }

    async fn restore(&self) -> Result<Box<dyn Restoring>, RestoreError> {
        let transaction = self.db.begin().await?;
        Ok(Box::new(Restore::begin(transaction, Arc::clone(self.queue.tally())).await?))
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.queue.tally().watch()
    }
}
