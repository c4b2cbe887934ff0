//! The seam's three verbs on a pool of sessions.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    error::Failure,
    pool::{Pool, Taken},
    schema::create_schema,
    settings::Settings,
    transaction::PostgresTransaction,
};
use crate::db::{Database, DbError, Engine, Row, Transaction, Value};

/// How long an operation may take, whatever it waits for: longer than the server lets one statement take. Callers of the
/// API wait behind it.
const WHOLE: Duration = Duration::from_secs(6);

/// How many sessions one process may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// For reads. A server has a hundred by default, for all nodes.
    pub reads: usize,
    /// For writes.
    pub writes: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self { reads: 8, writes: 4 }
    }
}

/// A database on a PostgreSQL server. Clones share its sessions; they close with the last of them.
#[derive(Debug, Clone)]
pub struct Postgres {
    reads: Arc<Pool>,
    writes: Arc<Pool>,
}

impl Postgres {
    /// Reaches the server once, and makes [`SCHEMA`](super::SCHEMA) if it is missing. Other sessions are opened when they
    /// are needed.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if the server can't be reached, or the schema is missing and may not be made.
    pub async fn open(settings: &Settings, connections: Connections) -> Result<Self, DbError> {
        let reads = Arc::new(Pool::new(settings.clone().reading(), connections.reads));
        let writes = Arc::new(Pool::new(settings.clone(), connections.writes));
        create_schema(writes.take().await?.client()).await?;
        Ok(Self { reads, writes })
    }
}

/// Waits for all of an operation: for a session, for the server, and for what is tried once more.
async fn in_time<T>(work: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    let silent = |_| Err(DbError::Unavailable("the server doesn't answer".to_owned()));
    tokio::time::timeout(WHOLE, work).await.unwrap_or_else(silent)
}

/// Whether another session would do better: one that has waited may have been lost meanwhile without anybody's word.
fn is_worth_another(failure: &Failure, taken: &Taken) -> bool {
    failure.is_lost && !taken.is_fresh()
}

#[async_trait]
impl Database for Postgres {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        in_time(async {
            let mut taken = self.reads.take().await?;
            let mut answer = taken.query(sql, &values).await;
            if answer.as_ref().is_err_and(|failure| failure.is_stale && !failure.is_lost) {
                // It has forgotten its statements, and prepares this one anew. Another session might still have its own.
                answer = taken.query(sql, &values).await;
            }
            match answer {
                Err(failure) if is_worth_another(&failure, &taken) => {
                    drop(taken);
                    self.reads.forget_idle();
                    let mut taken = self.reads.take().await?;
                    taken.query(sql, &values).await.map_err(|failure| failure.error)
                }
                answer => answer.map_err(|failure| failure.error),
            }
        })
        .await
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        in_time(async {
            let mut taken = self.writes.take().await?;
            match taken.execute(sql, &values).await {
                // Refused before it ran. What is lost may have run, and is the caller's to judge.
                Err(failure) if failure.is_stale => taken.execute(sql, &values).await,
                answer => answer,
            }
            .map_err(|failure| failure.error)
        })
        .await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, DbError> {
        in_time(async {
            let taken = self.writes.take().await?;
            let was_kept = !taken.is_fresh();
            let begun = match PostgresTransaction::begin(taken).await {
                // Nothing was done yet.
                Err(failure) if failure.is_lost && was_kept => {
                    self.writes.forget_idle();
                    PostgresTransaction::begin(self.writes.take().await?).await
                }
                begun => begun,
            };
            Ok(Box::new(begun.map_err(|failure| failure.error)?) as Box<dyn Transaction>)
        })
        .await
    }
}
