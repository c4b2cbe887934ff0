//! A log comes back in one transaction, in which the writer is nobody else's.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    db::{Table, Transaction, Value},
    ids::Position,
    journal::{Claim, Hash, Head, HeldClaim, Recorded, RestoreError, Restoring, queue::Tally, rebuilt::Rebuilt},
};

const EVENTS: Table = Table {
    name: "events",
    columns: &[
        "position",
        "id",
        "workspace",
        "workspace_number",
        "stream_kind",
        "stream_id",
        "version",
        "event_type",
        "schema",
        "payload",
        "metadata",
        "claims",
        "recorded_at",
        "leaf_hash",
    ],
    key: 1,
};
const CLAIMS: Table =
    Table { name: "claims", columns: &["workspace", "kind", "value", "holder_kind", "holder_id", "position"], key: 3 };
const COUNTED: Table = Table { name: "counted", columns: &["workspace", "quota", "month", "used"], key: 3 };
const NUMBERS: Table = Table { name: "workspace_numbers", columns: &["workspace", "last_number"], key: 1 };

/// A restore under way.
pub(super) struct Restore {
    transaction: Box<dyn Transaction>,
    tally: Arc<Tally>,
    rebuilt: Rebuilt,
}

impl Restore {
    pub(super) async fn begin(mut transaction: Box<dyn Transaction>, tally: Arc<Tally>) -> Result<Self, RestoreError> {
        let counted = "select (select count(*) from events) as events, position from journal_head";
        let rows = transaction.query(counted, vec![]).await?;
        let row = rows.first().ok_or_else(|| RestoreError::Unavailable("the head row is missing".to_owned()))?;
        let there = row.number("events")?.max(row.number("position")?);
        if there > 0 {
            return Err(RestoreError::NotEmpty(Position(there)));
        }
        Ok(Self { transaction, tally, rebuilt: Rebuilt::empty() })
    }
}

#[async_trait]
impl Restoring for Restore {
    async fn take(&mut self, events: Vec<Recorded>) -> Result<(), RestoreError> {
        self.rebuilt.take(&events)?;
        let rows = events.iter().map(row).collect::<Result<_, _>>()?;
        self.transaction.write_rows(&EVENTS, EVENTS.name, rows).await?;
        self.rebuilt.stored();
        Ok(())
    }

    async fn finish(self: Box<Self>, size: Position, root: Hash) -> Result<Head, RestoreError> {
        let Self { mut transaction, tally, rebuilt } = *self;
        let head = rebuilt.end(size, root)?;
        let claims = rebuilt.holders.held().map(claim).collect();
        transaction.write_rows(&CLAIMS, CLAIMS.name, claims).await?;
        let numbers = rebuilt.numbers.iter().map(|(workspace, last)| vec![workspace.uuid().into(), (*last).into()]);
        transaction.write_rows(&NUMBERS, NUMBERS.name, numbers.collect()).await?;
        let sums = rebuilt.sums.iter().map(|((workspace, quota, month), used)| {
            vec![workspace.uuid().into(), quota.as_str().into(), month.as_str().into(), (*used).into()]
        });
        transaction.write_rows(&COUNTED, COUNTED.name, sums.collect()).await?;
        let values = vec![
            head.epoch.0.into(),
            head.position.0.into(),
            head.recorded_at.into(),
            rebuilt.frontier.to_bytes().into(),
        ];
        let update = "update journal_head set epoch = $1, position = $2, recorded_at = $3, frontier = $4";
        transaction.execute(update, values).await?;
        transaction.commit().await?;
        tally.advance(head.position);
        Ok(head)
    }
}

fn row(event: &Recorded) -> Result<Vec<Value>, RestoreError> {
    let unfit = |error: serde_json::Error| RestoreError::Unfit { position: event.position, reason: error.to_string() };
    let claims = match &event.claims[..] {
        [] => None,
        claims => Some(serde_json::to_string::<[Claim]>(claims).map_err(unfit)?),
    };
    Ok(vec![
        event.position.0.into(),
        event.id.uuid().into(),
        event.workspace.uuid().into(),
        event.workspace_number.into(),
        event.stream.kind.as_str().into(),
        event.stream.id.into(),
        event.version.0.into(),
        event.event_type.as_str().into(),
        u32::from(event.schema).into(),
        event.payload.clone().into_bytes().into(),
        serde_json::to_string(&event.metadata).map_err(unfit)?.into(),
        claims.into(),
        event.recorded_at.into(),
        event.leaf_hash.0.to_vec().into(),
    ])
}

fn claim(held: HeldClaim) -> Vec<Value> {
    vec![
        held.workspace.uuid().into(),
        held.kind.into(),
        held.value.into(),
        held.holder.kind.as_str().into(),
        held.holder.id.into(),
        held.position.0.into(),
    ]
}
