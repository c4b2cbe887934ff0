//! The yardstick of reading in one go: the log's rows by a cursor of the database, nothing made of them.

use campanile_events::db::{
    Database,
    postgres::{Settings, connect},
};
use tokio::time::Instant;

use super::{
    Telling,
    figures::Measured,
    reading::{COLUMNS, PAGE, Pages},
};
use crate::engine::Store;

/// What it is called.
pub(super) const CURSOR: &str = "the same rows by one cursor of the database";

/// Reads all rows of the log by one statement: of PostgreSQL a page at a time, of SQLite row by row.
pub(super) async fn raw(
    store: &Store,
    database: Option<&Settings>,
    events: usize,
    telling: &dyn Telling,
) -> anyhow::Result<Measured> {
    telling.begins("a read by a cursor", events as u64);
    let pages = match database {
        Some(settings) => fetched(settings, telling).await?,
        None => stepped(store.side.as_ref()).await?,
    };
    anyhow::ensure!(pages.events == events, "a cursor came to {} of {events} rows", pages.events);
    Ok(pages.measured())
}

async fn fetched(settings: &Settings, telling: &dyn Telling) -> anyhow::Result<Pages> {
    let mut client = connect(&settings.clone().named("yardstick")).await?;
    let transaction = client.transaction().await?;
    let declare = format!("declare log no scroll cursor for select {COLUMNS} from events order by position");
    transaction.batch_execute(&declare).await?;
    let fetch = transaction.prepare(&format!("fetch forward {PAGE} from log")).await?;
    let mut pages = Pages::begin();
    loop {
        let began = Instant::now();
        let rows = transaction.query(&fetch, &[]).await?;
        pages.read(began, rows.len())?;
        telling.at(pages.events as u64);
        if rows.len() < PAGE {
            return Ok(pages);
        }
    }
}

/// A statement that isn't asked for its rows is stepped through to its end, and they are counted.
async fn stepped(db: &dyn Database) -> anyhow::Result<Pages> {
    let mut pages = Pages::begin();
    let began = Instant::now();
    let rows = db.execute(&format!("select {COLUMNS} from events order by position"), vec![]).await?;
    pages.read(began, rows as usize)?;
    Ok(pages)
}
