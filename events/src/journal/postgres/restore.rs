//! A log comes back in one transaction on a session of its own, which holds what appenders queue for and takes as long as
//! it takes.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::{Client, Error};

use super::{
    appender::Shared,
    columns::{Events, Whole},
    failure::unavailable,
    link::{ADVANCE, BEGIN, COUNT, INSERT, SUM, TAKE},
    rows::{HEAD, HeadRow},
};
use crate::{
    db::postgres::{Limits, Settings, connect},
    ids::Position,
    journal::{Hash, Head, HeldClaim, Recorded, RestoreError, Restoring, rebuilt::Rebuilt},
};

const ANY: &str = "select coalesce(max(position), 0) from events";

/// A restore under way. Dropped, its session ends, and the server forgets what it began.
pub(super) struct Restore {
    client: Client,
    shared: Arc<Shared>,
    rebuilt: Rebuilt,
}

impl Restore {
    pub(super) async fn begin(settings: &Settings, shared: Arc<Shared>) -> Result<Self, RestoreError> {
        let client = connect(&settings.clone().named("restore").limited(Limits::NONE)).await?;
        client.batch_execute(BEGIN).await.map_err(lost)?;
        let head = client.query_opt(&format!("{HEAD} for update"), &[]).await.map_err(lost)?;
        let head = HeadRow::of(head.as_ref())?.position;
        let last: i64 = client.query_one(ANY, &[]).await.and_then(|row| row.try_get(0)).map_err(lost)?;
        let there = head.max(Position(last.unsigned_abs()));
        if there > Position(0) {
            return Err(RestoreError::NotEmpty(there));
        }
        Ok(Self { client, shared, rebuilt: Rebuilt::empty() })
    }
}

#[async_trait]
impl Restoring for Restore {
    async fn take(&mut self, events: Vec<Recorded>) -> Result<(), RestoreError> {
        self.rebuilt.take(&events)?;
        let columns = Events::of(events.iter()).map_err(|failure| RestoreError::Unavailable(failure.reason()))?;
        self.client.execute(INSERT, &columns.values()).await.map_err(lost)?;
        drop(columns);
        self.rebuilt.stored();
        Ok(())
    }

    async fn finish(self: Box<Self>, size: Position, root: Hash) -> Result<Head, RestoreError> {
        let Self { client, shared, rebuilt } = *self;
        let head = rebuilt.end(size, root)?;
        let claims: Vec<HeldClaim> = rebuilt.holders.held().collect();
        let Whole { taken, numbers, sums, head: row } = Whole::of(&rebuilt, &claims);
        client.execute(TAKE, &taken.values()).await.map_err(lost)?;
        client.execute(COUNT, &numbers.values()).await.map_err(lost)?;
        client.execute(SUM, &sums.values()).await.map_err(lost)?;
        client.execute(ADVANCE, &row.values()).await.map_err(lost)?;
        client.batch_execute("commit").await.map_err(lost)?;
        // Plans may go by what the tables hold now; they come to it by themselves, only later.
        drop(client.batch_execute("analyze events").await);
        shared.restored(head.position);
        Ok(head)
    }
}

fn lost(error: Error) -> RestoreError {
    RestoreError::Unavailable(unavailable(error))
}
