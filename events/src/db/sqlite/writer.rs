//! The one thread that writes, and the turns that tasks take on it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::db::DbError;

/// How long a task waits for its turn; who holds the writer for longer is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the writer keeps its cached pages without work.
const QUIET: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    gate: Arc<Mutex<()>>,
}

impl Writer {
    /// Starts the thread; it ends, and closes the connection, when nobody can send it work any more.
    pub(super) fn start(mut connection: Connection) -> Result<Self, DbError> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                while let Some(job) = next(&waiting, &connection) {
                    if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                        tracing::error!("a job on the database's writer panicked; its transaction is rolled back");
                        roll_back(&connection);
                    }
                }
            })
            .map_err(|error| DbError::Unavailable(format!("the writer's thread can't be started: {error}")))?;
        Ok(Self { jobs, gate: Arc::default() })
    }

    /// Waits until the writer is free, first come, first served.
    pub(super) async fn turn(&self) -> Result<Turn, DbError> {
        let held = tokio::time::timeout(PATIENCE, Arc::clone(&self.gate).lock_owned())
            .await
            .map_err(|_| DbError::Unavailable("a transaction holds the writer".to_owned()))?;
        Ok(Turn { jobs: self.jobs.clone(), _held: held })
    }
}

/// The next job, or nothing once nobody can send one. A writer without work gives its cached pages back.
fn next(waiting: &mpsc::Receiver<Job>, connection: &Connection) -> Option<Job> {
    match waiting.recv_timeout(QUIET) {
        Ok(job) => return Some(job),
        Err(mpsc::RecvTimeoutError::Disconnected) => return None,
        Err(mpsc::RecvTimeoutError::Timeout) => {}
    }
    if connection.is_autocommit()
        && let Err(error) = connection.execute_batch("pragma shrink_memory")
    {
        tracing::warn!(%error, "the database's cached pages could not be given back");
    }
    waiting.recv().ok()
}

/// The writer, for as long as this is held. Jobs run in the order they are sent, so a job that is sent before the turn
/// is given up comes before everything of the next.
pub(crate) struct Turn {
    jobs: mpsc::Sender<Job>,
    _held: OwnedMutexGuard<()>,
}

impl Turn {
    /// Runs `op` on the writer's thread. Once polled it runs, even if nobody waits for the answer.
    pub(crate) async fn run<T, F>(&self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The one who asked may be gone.
            drop(answer.send(op(connection)));
        });
        let stopped = || DbError::Unavailable("the writer stopped".to_owned());
        self.jobs.send(job).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())
    }

    /// Runs an `op` that begins and ends its own transaction; one that it leaves open is rolled back.
    pub(crate) async fn run_whole<T, F>(&self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> T + Send + 'static,
    {
        self.run(|connection| {
            let answer = op(connection);
            roll_back(connection);
            answer
        })
        .await
    }

    /// Ends an open transaction without waiting for it.
    pub(super) fn abandon(&self) {
        drop(self.jobs.send(Box::new(|connection| roll_back(connection))));
    }
}

pub(super) fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("rollback")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}
