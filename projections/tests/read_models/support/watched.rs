//! A database that counts the rows written, and fails commits or holds them up when told to.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use campanile_events::db::{Database, DbError, Engine, Row, Table, Transaction, Value};
use tokio::sync::Notify;

type Writes = Arc<Mutex<HashMap<(String, String), usize>>>;

#[derive(Debug)]
pub struct Watched {
    inner: Arc<dyn Database>,
    writes: Writes,
    pub commits_fail: Arc<AtomicBool>,
    pub commits_wait: Arc<AtomicBool>,
    /// A commit waits.
    pub waiting: Arc<Notify>,
    /// It need not wait any longer.
    pub go_on: Arc<Notify>,
}

impl Watched {
    pub fn over(inner: Arc<dyn Database>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            writes: Writes::default(),
            commits_fail: Arc::default(),
            commits_wait: Arc::default(),
            waiting: Arc::default(),
            go_on: Arc::default(),
        })
    }

    /// How often each row, by table and key, was written or deleted since the last call.
    pub fn take_writes(&self) -> HashMap<(String, String), usize> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }
}

#[async_trait]
impl Database for Watched {
    fn engine(&self) -> Engine {
        self.inner.engine()
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.inner.query(sql, values).await
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        self.inner.execute(sql, values).await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, DbError> {
        let inner = self.inner.begin().await?;
        let (writes, commits_fail) = (Arc::clone(&self.writes), Arc::clone(&self.commits_fail));
        let held = self.commits_wait.load(Ordering::Acquire).then(|| (self.waiting.clone(), self.go_on.clone()));
        Ok(Box::new(WatchedTransaction { inner, writes, commits_fail, held }))
    }
}

struct WatchedTransaction {
    inner: Box<dyn Transaction>,
    writes: Writes,
    commits_fail: Arc<AtomicBool>,
    held: Option<(Arc<Notify>, Arc<Notify>)>,
}

impl WatchedTransaction {
    fn count<'a>(&self, name: &str, keys: impl Iterator<Item = &'a [Value]>) {
        // A checkpoint is no row of a read model: each batch moves it.
        if name == "checkpoints" {
            return;
        }
        let mut writes = self.writes.lock().unwrap();
        for key in keys {
            *writes.entry((name.to_owned(), format!("{key:?}"))).or_default() += 1;
        }
    }
}

#[async_trait]
impl Transaction for WatchedTransaction {
    async fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.inner.query(sql, values).await
    }

    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        self.inner.execute(sql, values).await
    }

    async fn execute_script(&mut self, sql: &str) -> Result<(), DbError> {
        self.inner.execute_script(sql).await
    }

    async fn read_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, DbError> {
        self.inner.read_rows(table, name, keys).await
    }

    async fn write_rows(&mut self, table: &Table, name: &str, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
        self.count(name, rows.iter().map(|row| &row[..table.key]));
        self.inner.write_rows(table, name, rows).await
    }

    async fn delete_rows(&mut self, table: &Table, name: &str, keys: Vec<Vec<Value>>) -> Result<(), DbError> {
        self.count(name, keys.iter().map(Vec::as_slice));
        self.inner.delete_rows(table, name, keys).await
    }

    async fn commit(self: Box<Self>) -> Result<(), DbError> {
        if self.commits_fail.load(Ordering::Acquire) {
            return Err(DbError::Unavailable("the disk is full".to_owned()));
        }
        if let Some((waiting, go_on)) = &self.held {
            waiting.notify_one();
            go_on.notified().await;
        }
        self.inner.commit().await
    }
}
