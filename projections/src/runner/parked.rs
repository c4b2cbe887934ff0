//! Parked streams: those with an event that a projection can't apply. Their later events wait behind it.

use std::sync::Arc;

use campanile_events::{
    db::{DbError, Row, Transaction, Value},
    ids::{Position, Version},
    journal::{ReadError, Recorded, StreamId, StreamKind},
};

use super::{
    Runner, RunnerError,
    checkpoint::{Checkpoint, Place},
};
use crate::{
    projection::{ApplyError, Projection},
    rows::{RowCache, Span},
};

const PAGE: usize = 1_000;

/// A stream that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parked {
    pub(super) projection: String,
    pub(super) build: u64,
    pub(super) stream: StreamId,
    /// The first event that waits.
    pub(super) position: Position,
    pub(super) error: String,
}

pub(super) const ALL: &str = "select * from parked order by projection, build, position";

impl Parked {
    pub(super) fn belongs_to(&self, checkpoint: &Checkpoint) -> bool {
        self.build == checkpoint.build && self.projection == checkpoint.projection
    }

    pub(super) async fn store(&self, transaction: &mut dyn Transaction) -> Result<(), DbError> {
        let sql = "insert into parked (projection, build, stream_kind, stream_id, position, error)
            values ($1, $2, $3, $4, $5, $6) on conflict (projection, build, stream_kind, stream_id) do update set
            position = excluded.position, error = excluded.error";
        let mut values = self.key();
        // PostgreSQL's text can't hold it, and an error may quote whatever a payload says.
        let error = self.error.replace('\0', "\u{fffd}");
        values.extend([self.position.0.into(), error.into()]);
        transaction.execute(sql, values).await.map(drop)
    }

    async fn delete(&self, transaction: &mut dyn Transaction) -> Result<(), DbError> {
        let sql = "delete from parked where projection = $1 and build = $2 and stream_kind = $3 and stream_id = $4";
        transaction.execute(sql, self.key()).await.map(drop)
    }

    fn key(&self) -> Vec<Value> {
        let StreamId { kind, id } = self.stream;
        vec![self.projection.as_str().into(), self.build.into(), kind.as_str().into(), id.into()]
    }

    pub(super) fn read(row: &Row) -> Result<Self, DbError> {
        let kind: StreamKind = row
            .text("stream_kind")?
            .parse()
            .map_err(|_| DbError::Column { column: "stream_kind".to_owned(), expected: "a kind of stream" })?;
        Ok(Self {
            projection: row.text("projection")?,
            build: row.number("build")?,
            stream: StreamId::new(kind, row.uuid("stream_id")?),
            position: Position(row.number("position")?),
            error: row.text("error")?,
        })
    }
}

impl Runner {
    /// Applies what waits of every parked stream; answers how many are healed. One that still can't be applied stays
    /// parked where it now fails.
    ///
    /// # Errors
    /// If log or database don't answer, or a newer build wrote what waits.
    pub async fn retry_parked(&self) -> Result<usize, RunnerError> {
        let _turn = self.turn.lock().await;
        let mut waiting = Vec::new();
        for row in self.db.query(ALL, vec![]).await? {
            waiting.push(Parked::read(&row)?);
        }
        let mut healed = 0;
        for parked in waiting {
            let named = |projection: &&Arc<dyn Projection>| projection.name() == parked.projection;
            let Some(projection) = self.projections.iter().find(named) else { continue };
            // Its rows change out of the log's order.
            projection.forget();
            let retried = self.retry(projection.as_ref(), parked).await;
            projection.forget();
            healed += usize::from(retried?);
        }
        Ok(healed)
    }

    async fn retry(&self, projection: &dyn Projection, parked: Parked) -> Result<bool, RunnerError> {
        let mut transaction = self.db.begin().await?;
        let checkpoints = Checkpoint::lock_waiting(transaction.as_mut(), self.db.engine()).await?;
        let Some(checkpoint) = checkpoints.iter().find(|checkpoint| parked.belongs_to(checkpoint)) else {
            return Ok(false);
        };
        if checkpoint.version != projection.version() {
            return Ok(false);
        }
        let upto = checkpoint.position;
        // Read while the checkpoint is held: what another node passes over later is not among these.
        let events = self.waiting(&parked).await?;
        let mut batch: Vec<&Recorded> = events.iter().filter(|event| event.position <= upto).collect();
        let mut failed = None;
        let span = Span { build: checkpoint.build, after: upto, to: upto };
        loop {
            let mut rows = RowCache::new(transaction.as_mut(), span, checkpoint.place == Place::Beside);
            match projection.apply(&batch, &mut rows).await {
                Ok(()) => {
                    rows.write().await?;
                    break;
                }
                Err(ApplyError::Event { position, reason, .. }) if !batch.is_empty() => {
                    projection.forget();
                    batch.retain(|event| event.position < position);
                    failed = Some((position, reason));
                }
                Err(error) => return Err(RunnerError::applying(projection.name(), error)),
            }
        }
        let healed = failed.is_none();
        match failed {
            None => parked.delete(transaction.as_mut()).await?,
            Some((position, error)) => Parked { position, error, ..parked }.store(transaction.as_mut()).await?,
        }
        transaction.commit().await?;
        Ok(healed)
    }

    /// The stream's events from the parked one on.
    async fn waiting(&self, parked: &Parked) -> Result<Vec<Recorded>, ReadError> {
        let (mut events, mut after) = (Vec::new(), Version(0));
        loop {
            let page = self.journal.read_stream(parked.stream, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(events) };
            after = last.version;
            events.extend(page.into_iter().filter(|event| event.position >= parked.position));
        }
    }
}
