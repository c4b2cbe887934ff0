//! A writing transaction: the writer's turn, held from begin to commit.

use async_trait::async_trait;
use rusqlite::Connection;

use super::{statement, writer::Turn};
use crate::db::{DbError, Row, Table, Transaction, Value};

pub(super) struct SqliteTransaction {
    turn: Turn,
    /// A statement failed: as on PostgreSQL, nothing of the transaction may be kept.
    failed: bool,
}

impl SqliteTransaction {
    pub(super) async fn begin(turn: Turn) -> Result<Self, DbError> {
        // Made before it is begun: dropped while it waits, it rolls back what begins after.
        let transaction = Self { turn, failed: false };
        transaction.turn.run(|connection| connection.execute_batch("begin immediate")).await??;
        Ok(transaction)
    }

    async fn run<T, F>(&mut self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    {
        if self.failed {
            return Err(DbError::Statement("an earlier statement of the transaction failed".to_owned()));
        }
        let answer = self
            .turn
            .run(|connection| {
                // A full disk rolls back by itself; a statement after that would stand alone and stay.
                if connection.is_autocommit() {
                    return Err(DbError::Unavailable("the transaction was rolled back".to_owned()));
                }
                op(connection)
            })
            .await
            .flatten();
        self.failed = answer.is_err();
        answer
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        self.turn.abandon();
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let sql = sql.to_owned();
        self.run(move |connection| statement::query(connection, &sql, &values)).await
    }

    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        let sql = sql.to_owned();
        self.run(move |connection| statement::execute(connection, &sql, &values)).await
    }

    async fn execute_script(&mut self, sql: &str) -> Result<(), DbError> {
        let sql = sql.to_owned();
        self.run(move |connection| Ok(connection.execute_batch(&sql)?)).await
    }

    async fn read_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, DbError> {
        let (table, name) = (*table, name.to_owned());
        self.run(move |connection| statement::read_rows(connection, &table, &name, &keys)).await
    }

    async fn write_rows(&mut self, table: &Table, name: &str, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
        let (table, name) = (*table, name.to_owned());
        self.run(move |connection| statement::write_rows(connection, &table, &name, &rows)).await
    }

    async fn delete_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<(), DbError> {
        let (table, name) = (*table, name.to_owned());
        self.run(move |connection| statement::delete_rows(connection, &table, &name, &keys)).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), DbError> {
        self.run(|connection| Ok(connection.execute_batch("commit")?)).await
    }
}
