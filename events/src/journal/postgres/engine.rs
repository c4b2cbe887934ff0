//! The port, on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    appender::{Appender, Shared},
    bell::Bell,
    readers::{self, Readers},
    restore::Restore,
    rows::{self, Column, HeadRow},
    tables,
};
use crate::{
    db::postgres::Settings,
    ids::{Position, Version, WorkspaceId},
    journal::{
        Append, AppendError, AppendObserver, Head, HeldClaim, Journal, Moved, ReadError, Receipt, Recorded,
        RestoreError, Restoring, StreamId, StreamKind, refusal,
        streams::{Asked, Streamed, Streams},
    },
};

/// The journal in a PostgreSQL database, which it may share with side tables and with the journals of other nodes.
/// Clones share one queue.
#[derive(Debug, Clone)]
pub struct PostgresJournal {
    settings: Settings,
    readers: Arc<Readers>,
    appender: Appender,
    streams: Arc<Streams>,
}

impl PostgresJournal {
    /// Opens the journal in the database that `settings` name, or makes it. Its tasks run on the current runtime.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the head and the last event don't agree; [`ReadError::Unavailable`] also if the
    /// database belongs to a newer build.
    pub async fn open(settings: &Settings) -> Result<Self, ReadError> {
        Self::open_with(settings, None).await
    }

    /// The same, telling somebody how appending goes.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_observed(settings: &Settings, observer: Arc<dyn AppendObserver>) -> Result<Self, ReadError> {
        Self::open_with(settings, Some(observer)).await
    }

    async fn open_with(settings: &Settings, observer: Option<Arc<dyn AppendObserver>>) -> Result<Self, ReadError> {
        let (journal, shared) = Self::open_silent(settings, observer).await?;
        Bell::hang(settings, &shared);
        Ok(journal)
    }

    /// Whether the database holds a log with something in it: a look that makes nothing.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if the database can't be asked.
    pub async fn is_begun(settings: &Settings) -> Result<bool, ReadError> {
        tables::is_begun(settings).await
    }

    /// The same, without a bell: it neither wakes others nor hears them.
    pub(super) async fn open_silent(
        settings: &Settings,
        observer: Option<Arc<dyn AppendObserver>>,
    ) -> Result<(Self, Arc<Shared>), ReadError> {
        tables::prepare(settings).await?;
        let readers = Arc::new(Readers::new(settings));
        let shared = Shared::new(checked_head(&readers).await?, observer);
        let appender = Appender::start(settings.clone(), Arc::clone(&shared));
        let silent = || Err(ReadError::Unavailable(readers::silence()));
        let streams = Streams::with_patience(readers::ANSWER, silent).gathering();
        Ok((Self { settings: settings.clone(), readers, appender, streams: Arc::new(streams) }, shared))
    }

    /// One way there and back for all of them.
    async fn read_streams(&self, round: Vec<Asked>) -> Vec<Streamed> {
        let many = round.len();
        let read = async {
            let reader = self.readers.take().await?;
            if let [asked] = round.as_slice() {
                return Ok(vec![rows::stream(&reader.stream(asked).await?, asked.after)]);
            }
            let rows = reader.streams(&round).await?;
            Ok(rows::streams(&rows, &round))
        };
        read.await.unwrap_or_else(|error: ReadError| vec![Err(error); many])
    }

    /// How many appends wait to be taken up.
    pub fn queue_depth(&self) -> usize {
        self.appender.queue.depth()
    }

    /// How many transactions this process has appended with.
    pub fn committed_batches(&self) -> u64 {
        self.appender.shared.tally.batches()
    }

    /// How many events this process has appended; over [`Self::committed_batches`], a batch's mean size.
    pub fn committed_events(&self) -> u64 {
        self.appender.shared.tally.events()
    }
}

/// The head's position, once it is sure that the log ends there.
async fn checked_head(readers: &Readers) -> Result<Position, ReadError> {
    let (head, last) = readers.take().await?.end().await?;
    let head = HeadRow::of(head.as_ref())?.position;
    // Where the head is ahead, the events that it has lost are found missing.
    match last.as_ref().map(rows::event).transpose()? {
        Some(event) if event.position > head => Err(rows::damaged(event.position.0, "the head doesn't know the event")),
        Some(event) if event.position < head => Err(rows::missing(event.position.next())),
        None if head > Position(0) => Err(rows::missing(Position(1))),
        _ => Ok(head),
    }
}

#[async_trait]
impl Journal for PostgresJournal {
    async fn append(&self, append: Append) -> Result<Vec<Arc<Recorded>>, AppendError> {
        refusal::check(&append)?;
        self.appender.queue.append(append).await
    }

    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let asked = Asked { stream, after, limit };
        self.streams.ask(asked, |round| self.read_streams(round)).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let from = i64::try_from(after.0).unwrap_or(i64::MAX);
        let (head, rows) = self.readers.take().await?.log(from, limit as i64).await?;
        let head = HeadRow::of(head.as_ref())?.position;
        let events = rows::log(&rows, after)?;
        let last = events.last().map_or(after, |event| event.position);
        if events.len() < limit && last < head {
            return Err(rows::missing(last.next()));
        }
        Ok(events)
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Vec<Arc<Recorded>>, ReadError> {
        let recent = self.appender.shared.tally.recent();
        if let Some(events) = recent.after(after, limit)
            && let Some(last) = events.last()
        {
            // A server that took another's place unheard may have an older copy: what it doesn't hold never was, there.
            if self.readers.take().await?.holds(last.id, last.position).await? {
                return Ok(events);
            }
            recent.forget();
        }
        Ok(self.read(after, limit).await?.into_iter().map(Arc::new).collect())
    }

    async fn moved(&self, kind: StreamKind, after: Position, to: Position) -> Result<Vec<Moved>, ReadError> {
        if to <= after {
            return Ok(Vec::new());
        }
        let rows = self.readers.take().await?.moved(kind, after.0 as i64, to.0 as i64).await?;
        rows::moved(&rows, kind, to)
    }

    fn rest(&self) {
        self.appender.shared.tally.recent().forget();
    }

    async fn head(&self) -> Result<Head, ReadError> {
        let head = HeadRow::of(self.readers.take().await?.head().await?.as_ref())?;
        Ok(Head {
            epoch: head.epoch,
            position: head.position,
            recorded_at: head.recorded_at,
            root: head.frontier.root(),
        })
    }

    async fn receipt(&self, workspace: WorkspaceId, key: &str) -> Result<Option<Receipt>, ReadError> {
        let row = self.readers.take().await?.receipt(workspace.uuid(), key).await?;
        row.as_ref().map(rows::receipt).transpose()
    }

    async fn forget_receipts(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, ReadError> {
        Ok(self.readers.take().await?.forget(before, limit as i64).await? as usize)
    }

    async fn holder(&self, workspace: WorkspaceId, kind: &str, value: &str) -> Result<Option<StreamId>, ReadError> {
        let row = self.readers.take().await?.holder(workspace.uuid(), kind, value).await?;
        row.as_ref().map(|row| Column::of(row)?.stream(1)).transpose()
    }

    async fn workspace_numbers(&self) -> Result<Vec<(WorkspaceId, u64)>, ReadError> {
        let rows = self.readers.take().await?.numbers().await?;
        let numbers = rows.iter().map(|row| {
            let column = Column::without_position(row);
            Ok((WorkspaceId::from_uuid(column.get(0)?), column.number(1)?))
        });
        numbers.collect()
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), ReadError> {
        let (head, claims) = self.readers.take().await?.claims().await?;
        let claims = claims.iter().map(rows::claim).collect::<Result<_, _>>()?;
        Ok((HeadRow::of(head.as_ref())?.position, claims))
    }

    async fn restore(&self) -> Result<Box<dyn Restoring>, RestoreError> {
        Ok(Box::new(Restore::begin(&self.settings, Arc::clone(&self.appender.shared)).await?))
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.appender.shared.tally.watch()
    }
}
