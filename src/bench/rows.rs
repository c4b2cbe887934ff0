//! The yardstick of everything that stores: rows of a table with a primary key and a unique stream and version, as an
//! event's, and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use campanile_events::{
    clock::SharedClock,
    db::{Database, Durability, Engine, Postgres, Sqlite, Table, Value, postgres::Connections},
    random,
};

use super::copying::{CopiedRow, Copying};
use crate::configuration::Configuration;

/// What one-row inserts are called.
pub(super) const ONE_ROW: &str = "one-row-insert transactions, as many clients";
/// How large a row's text is: about what an event's is.
pub(super) const BYTES: usize = 300;

const FILE: &str = "yardstick.db";
/// Sessions of a server that stay with others.
const LEFT: i64 = 30;
const TABLE: Table = Table { name: "bench_rows", columns: &["position", "stream_id", "version", "payload"], key: 1 };
const INSERT: &str = "insert into bench_rows (position, stream_id, version, payload) values ($1, $2, $3, $4)";

/// A table to insert into, as durably as the journal is kept.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    db: Arc<dyn Database>,
    next: Arc<AtomicI64>,
    clock: SharedClock,
}

impl Rows {
    /// Makes the table in the engine's database, with a connection for each client up to what the server has, or in a
    /// file beside the engine's.
    pub(super) async fn create(
        configuration: &Configuration,
        clock: &SharedClock,
        clients: usize,
    ) -> anyhow::Result<Self> {
        let db: Arc<dyn Database> = match &configuration.folder.database {
            None => Arc::new(Sqlite::open(&configuration.folder.path.join(FILE), Durability::Full)?),
            Some(settings) => {
                let settings = settings.clone().named("yardstick");
                let one = Postgres::open(&settings, Connections { reads: 1, writes: 1 }).await?;
                let sql = "select current_setting('max_connections')::bigint as most";
                let most = one.query(sql, vec![]).await?.first().map_or(Ok(LEFT), |row| row.integer("most"))?;
                let writes = clients.clamp(1, (most - LEFT).max(1) as usize);
                Arc::new(Postgres::open(&settings, Connections { reads: 1, writes }).await?)
            }
        };
        let (uuid, bytes, strict) = match db.engine() {
            Engine::Sqlite => ("blob", "blob", "strict"),
            Engine::Postgres => ("uuid", "bytea", ""),
        };
        let number = if db.engine() == Engine::Sqlite { "integer" } else { "bigint" };
        let mut transaction = db.begin().await?;
        let sql = format!(
            "create table bench_rows (position {number} primary key, stream_id {uuid} not null, version {number} not null,
             payload {bytes} not null, unique (stream_id, version)) {strict}"
        );
        transaction.execute_script(&sql).await?;
        transaction.commit().await?;
        Ok(Self { db, next: Arc::new(AtomicI64::new(1)), clock: clock.clone() })
    }

    /// A connection that copies rows into the table, where the database has such a thing.
    pub(super) async fn copying(&self, configuration: &Configuration) -> anyhow::Result<Option<Copying>> {
        match &configuration.folder.database {
            None => Ok(None),
            Some(settings) => Ok(Some(Copying::open(&settings.clone().named("yardstick")).await?)),
        }
    }

    /// So many rows by one COPY.
    pub(super) async fn copy_batch(&self, copying: &Copying, count: usize) -> anyhow::Result<()> {
        copying.copy(std::iter::repeat_with(|| self.next()).take(count)).await
    }

    /// One row, in a transaction of its own.
    pub(super) async fn insert(&self) -> anyhow::Result<()> {
        self.db.execute(INSERT, self.row()).await?;
        Ok(())
    }

    /// So many rows in one statement of one transaction.
    pub(super) async fn insert_batch(&self, count: usize) -> anyhow::Result<()> {
        let rows = std::iter::repeat_with(|| self.row()).take(count).collect();
        let mut transaction = self.db.begin().await?;
        transaction.write_rows(&TABLE, TABLE.name, rows).await?;
        Ok(transaction.commit().await?)
    }

    fn row(&self) -> Vec<Value> {
        let (position, stream, payload) = self.next();
        vec![position.into(), stream.into(), 1_i64.into(), payload.into()]
    }

    fn next(&self) -> CopiedRow {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        (position, random::uuid_at(self.clock.now()), vec![b'x'; BYTES])
    }
}
