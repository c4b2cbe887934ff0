//! A writing transaction: a session, held from begin to commit.

use async_trait::async_trait;

use super::{error::Failure, pool::Taken};
use crate::db::{DbError, Row, Table, Transaction, Value, Write};

pub(super) struct PostgresTransaction {
    taken: Taken,
    is_open: bool,
    /// A statement failed. The server keeps nothing then, but would answer a commit as if nothing were wrong.
    failed: bool,
}

impl PostgresTransaction {
    pub(super) async fn begin(taken: Taken) -> Result<Self, Failure> {
        // Made before it is begun: dropped while it waits, it doesn't give the session back.
        let mut transaction = Self { taken, is_open: true, failed: false };
        transaction.taken.command("begin").await?;
        Ok(transaction)
    }

    fn usable(&mut self) -> Result<&mut Taken, DbError> {
        if self.failed {
            return Err(DbError::Statement("an earlier statement of the transaction failed".to_owned()));
        }
        // Until the answer is here.
        self.failed = true;
        Ok(&mut self.taken)
    }

    fn answered<T>(&mut self, answer: Result<T, Failure>) -> Result<T, DbError> {
        self.failed = answer.is_err();
        answer.map_err(|failure| match failure {
            // Begun anew, the transaction will find its statements prepared for the tables as they are.
            Failure { is_stale: true, error, .. } => DbError::Unavailable(error.to_string()),
            Failure { error, .. } => error,
        })
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if self.is_open {
            self.taken.abandon();
        }
    }
}

#[async_trait]
impl Transaction for PostgresTransaction {
    async fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let answer = self.usable()?.query(sql, &values).await;
        self.answered(answer)
    }

    async fn query_all(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, DbError> {
        let answer = self.usable()?.query_all(queries).await;
        self.answered(answer)
    }

    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        let answer = self.usable()?.execute(sql, &values).await;
        self.answered(answer)
    }

    async fn execute_script(&mut self, sql: &str) -> Result<(), DbError> {
        let answer = self.usable()?.script(sql).await;
        self.answered(answer)
    }

    async fn read_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, DbError> {
        let answer = self.usable()?.read_rows(table, name, &keys).await;
        self.answered(answer)
    }

    async fn write_rows(&mut self, table: &Table, name: &str, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
        let answer = self.usable()?.write_rows(table, name, &rows).await;
        self.answered(answer)
    }

    async fn delete_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<(), DbError> {
        let answer = self.usable()?.delete_rows(table, name, &keys).await;
        self.answered(answer)
    }

    async fn write_all(&mut self, writes: Vec<Write>) -> Result<(), DbError> {
        let answer = self.usable()?.write_all(&writes).await;
        self.answered(answer)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), DbError> {
        let answer = self.usable()?.command("commit").await;
        self.is_open = answer.is_err();
        self.answered(answer)
    }
}
