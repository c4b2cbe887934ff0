//! The connections that read: opened when first needed, kept for the next.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::engine::open_reader;
use crate::db::DbError;

/// How many reads run at once.
const CONNECTIONS: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// Runs `op` on a connection of its own, on a thread that may block.
    pub(super) async fn run<T, F>(&self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> T + Send + 'static,
    {
        let stopped = |_| DbError::Unavailable("the reader stopped".to_owned());
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| DbError::Unavailable("the database is closed".to_owned()))?;
        let idle = Arc::clone(&self.idle);
        let kept = lock(&idle).pop();
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || {
            let connection = kept.map_or_else(|| open_reader(&path), Ok)?;
            let answer = op(&connection);
            lock(&idle).push(connection);
            drop(permit);
            Ok(answer)
        })
        .await
        .map_err(stopped)?
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
