//! The seam to the database: one way to bind values and read rows, so that read models and side tables share their
//! statements between engines. Table definitions are written per engine; statements use `$1`, `$2`, ….
//!
//! Times are `timestamptz` on PostgreSQL and text of fixed width in UTC on SQLite
//! (`2026-12-01T09:00:00.000000Z`, so that they sort as times); UUIDs are `uuid` and `blob`, truths `boolean` and 0 or 1,
//! JSON is `jsonb` and text.

mod batcher;
#[cfg(feature = "contract")]
pub mod engines;
mod migrate;
pub mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;
mod value;

use async_trait::async_trait;
pub use batcher::Batcher;
pub use migrate::migrate;
pub use postgres::Postgres;
pub(crate) use sqlite::is_refusal;
pub use sqlite::{Durability, Sqlite};
pub use value::{Row, Value};

/// Which database is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL, shared by many nodes.
    Postgres,
}

/// Why the database did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// It can't be reached, is full, or is shutting down; the same may work later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The statement was refused. A defect of ours.
    #[error("the statement failed: {0}")]
    Statement(String),
    /// A row did not hold what the reader expects. A defect of ours, or damage.
    #[error("column `{column}` doesn't read as {expected}")]
    Column {
        /// The column's name.
        column: String,
        /// What it should hold.
        expected: &'static str,
    },
}

/// A table as [`Transaction::write_rows`] needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the order of the rows' values; the key's columns first.
    pub columns: &'static [&'static str],
    /// How many of the first columns are the primary key.
    pub key: usize,
}

/// Changes of one table's rows, as [`Transaction::write_all`] makes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The table.
    pub table: Table,
    /// Its name, where it differs.
    pub name: String,
    /// What is done.
    pub change: Change,
}

/// What is done to rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// [`Transaction::write_rows`] of these.
    Put(Vec<Vec<Value>>),
    /// [`Transaction::delete_rows`] with these keys.
    Delete(Vec<Vec<Value>>),
}

/// A database: reads on connections of their own, writes in transactions. SQLite takes one of those at a time.
#[async_trait]
pub trait Database: Send + Sync + std::fmt::Debug {
    /// Which engine it is.
    fn engine(&self) -> Engine;

    /// Reads committed rows.
    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError>;

    /// Runs one writing statement in a transaction of its own; answers how many rows it touched.
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError>;

    /// Brings what is stored into its lasting files, before a stop: SQLite folds its write-ahead log back, so that the
    /// file alone is whole.
    async fn tidy(&self) -> Result<(), DbError> {
        Ok(())
    }

    /// Begins a transaction that writes. Dropped without a commit, it leaves nothing.
    async fn begin(&self) -> Result<Box<dyn Transaction>, DbError>;
}

/// A writing transaction.
#[async_trait]
pub trait Transaction: Send {
    /// Reads, seeing what this transaction wrote.
    async fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError>;

    /// Runs these queries, which have no values, one after the other, and each sees what is committed by then. Where the
    /// database is a way off, they go there together.
    async fn query_all(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, DbError> {
        let mut all = Vec::with_capacity(queries.len());
        for sql in queries {
            all.push(self.query(sql, Vec::new()).await?);
        }
        Ok(all)
    }

    /// Runs one statement; answers how many rows it touched.
    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, DbError>;

    /// Runs several statements without values, such as table definitions.
    async fn execute_script(&mut self, sql: &str) -> Result<(), DbError>;

    /// Reads the rows with these keys, in no order: one statement, however many. A key without a row has none.
    async fn read_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, DbError>;

    /// Inserts each row, or replaces the one with its key; no two of `rows` may share one. `name` is the table's name where it differs from
    /// `table.name` (a table that is built beside the live one).
    async fn write_rows(&mut self, table: &Table, name: &str, rows: Vec<Vec<Value>>) -> Result<(), DbError>;

    /// Deletes the rows with these keys.
    async fn delete_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<(), DbError>;

    /// Makes these changes, none of which meets a row of another. Where the database is a way off, they go there together.
    async fn write_all(&mut self, writes: Vec<Write>) -> Result<(), DbError> {
        for Write { table, name, change } in writes {
            match change {
                Change::Put(rows) => self.write_rows(&table, &name, rows).await?,
                Change::Delete(keys) => self.delete_rows(&table, &name, keys).await?,
            }
        }
        Ok(())
    }

    /// Makes it last.
    async fn commit(self: Box<Self>) -> Result<(), DbError>;
}
