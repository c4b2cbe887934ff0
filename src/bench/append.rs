//! `append`: one event a command, a stream of its own each.

use std::sync::Arc;

use campanile_events::{
    clock::SharedClock,
    ids::{EventId, PostId, Version, WorkspaceId},
    journal::{Actor, Append, Expected, Journal, Metadata, NewEvent, PostgresJournal, StreamId, StreamKind},
};
use serde_json::json;
use tokio::sync::Mutex;

use super::{
    Figures, Place, Plan, Telling,
    figures::Measured,
    house::House,
    load::load,
    rows::{self, Rows},
    syncs,
};
use crate::engine::Store;

/// Journals that take turns on the head row's lock, each with one append at a time. The lock lets one through: more of
/// them only wait.
const ALONE: usize = 16;
/// Rows of a batch.
const BATCH: usize = 500;

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let (house, store) = House::build(place, "append").await?;
    let (clients, workspace) = (plan.clients, house.workspace);
    let (journal, clock) = (Arc::clone(&store.journal), store.clock.clone());
    let appended =
        load("appends", clients, plan.length, telling, move |_| append(Arc::clone(&journal), clock.clone(), workspace));
    let appended = appended.await?;

    let rows = Rows::create(&house.configuration, &store.clock, clients).await?;
    let one = rows.clone();
    let one_row = load("one-row inserts", clients, plan.length, telling, move |_| {
        let rows = one.clone();
        async move { rows.insert().await }
    });
    let one_row = one_row.await?;
    let inserting = rows.clone();
    let batched = load("batches of rows", 1, plan.length / 2, telling, move |_| {
        let rows = inserting.clone();
        async move { rows.insert_batch(BATCH).await }
    });
    let batched = Measured::rate(batched.await?.per_second * BATCH as f64);
    let copied = copied(&house, rows, plan, telling).await?;
    let alone = alone(&house, &store, plan, telling).await?;
    let synced = syncs::measure(place, plan.length / 2, telling).await?;

    let mut figures = Figures::of("append", clients, &appended, (rows::ONE_ROW, &one_row))
        .against("one_transaction_each", "the same appends, a transaction each under the same lock", &alone)
        .against("batch_of_500_rows", "rows in statements of 500, one after the other", &batched);
    if let Some(copied) = &copied {
        figures = figures.against("copy_of_500_rows", "rows in COPYs of 500, one after the other", copied);
    }
    Ok(figures
        .against("sync", "pages of 8 KiB synced to the folder, one after the other", &synced)
        .with("engine", place.engine()))
}

/// Rows by COPY, where the database has that.
async fn copied(house: &House, rows: Rows, plan: &Plan, telling: &dyn Telling) -> anyhow::Result<Option<Measured>> {
    let Some(copying) = rows.copying(&house.configuration).await? else { return Ok(None) };
    let copying = Arc::new(copying);
    let copied = load("copies of rows", 1, plan.length / 2, telling, move |_| {
        let (rows, copying) = (rows.clone(), Arc::clone(&copying));
        async move { rows.copy_batch(&copying, BATCH).await }
    });
    Ok(Some(Measured::rate(copied.await?.per_second * BATCH as f64)))
}

/// The same appends from as many clients, none of which shares a transaction with another.
async fn alone(house: &House, store: &Store, plan: &Plan, telling: &dyn Telling) -> anyhow::Result<Measured> {
    let mut journals: Vec<Arc<dyn Journal>> = Vec::new();
    match &house.configuration.folder.database {
        // One writer is all that SQLite has.
        None => journals.push(Arc::clone(&store.journal)),
        Some(settings) => {
            for _ in 0..plan.clients.clamp(1, ALONE) {
                journals.push(Arc::new(PostgresJournal::open(settings).await?));
            }
        }
    }
    let journals: Arc<[_]> = journals.into_iter().map(Mutex::new).collect();
    let (workspace, clients, length) = (house.workspace, plan.clients, plan.length);
    let clock = store.clock.clone();
    let measured = load("appends, a transaction each", clients, length, telling, move |client| {
        let (journals, clock) = (Arc::clone(&journals), clock.clone());
        async move {
            let journal = journals[client % journals.len()].lock().await;
            append(Arc::clone(&journal), clock, workspace).await
        }
    });
    measured.await
}

/// One event of about [`rows::BYTES`], the first of a new stream.
async fn append(journal: Arc<dyn Journal>, clock: SharedClock, workspace: WorkspaceId) -> anyhow::Result<()> {
    let now = clock.now();
    let stream = StreamId::new(StreamKind::Post, PostId::fresh(now).uuid());
    let event = NewEvent {
        id: EventId::fresh(now),
        workspace: None,
        stream,
        event_type: "post.drafted".to_owned(),
        schema: 1,
        payload: json!({"measured": "x".repeat(rows::BYTES)}).to_string(),
        metadata: Metadata::by(Actor::operator()),
        claims: Vec::new(),
    };
    let expected = vec![Expected { stream, version: Version(0) }];
    journal.append(Append { workspace, expected, events: vec![event], receipts: Vec::new(), begins: false }).await?;
    Ok(())
}
