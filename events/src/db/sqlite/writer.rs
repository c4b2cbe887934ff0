//! The one thread that writes, and the turns that tasks take on it. After a time without work another takes its place.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex as Slot, PoisonError, mpsc},
    thread,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::db::DbError;

/// How long a task waits for its turn; who holds the writer for longer is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the writer keeps its cached pages without work, and what the allocator keeps for its thread: above all what it
/// has made and others gave back, such as events.
const QUIET: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    gate: Arc<Mutex<()>>,
}

impl Writer {
    /// Starts the thread; it ends, and closes the connection, when nobody can send it work any more.
    pub(super) fn start(connection: Connection) -> Result<Self, DbError> {
        Self::resting_after(connection, QUIET)
    }

    fn resting_after(connection: Connection, quiet: Duration) -> Result<Self, DbError> {
        let (jobs, waiting) = mpsc::channel();
        let refused = |(_, error)| DbError::Unavailable(format!("the writer's thread can't be started: {error}"));
        Box::new(Writing { connection, waiting, quiet }).begin().map_err(refused)?;
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

/// What the writer's thread works on. It goes as one to the thread that takes its place.
struct Writing {
    connection: Connection,
    waiting: mpsc::Receiver<Job>,
    quiet: Duration,
}

impl Writing {
    /// Begins a thread that goes on. If the system gives none, everything comes back.
    fn begin(self: Box<Self>) -> Result<(), (Box<Self>, io::Error)> {
        let slot = Arc::new(Slot::new(Some(self)));
        let take = |slot: &Slot<Option<Box<Self>>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let given = Arc::clone(&slot);
        let started = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || {
            if let Some(writing) = take(&given) {
                writing.go_on();
            }
        });
        match started {
            Ok(_) => Ok(()),
            Err(error) => Err((take(&slot).expect("no thread took it"), error)),
        }
    }

    /// Does what is sent until nobody can send any more, or there was nothing to do for a while.
    fn go_on(mut self: Box<Self>) {
        while let Ok(job) = self.waiting.recv() {
            self.run(job);
            loop {
                match self.waiting.recv_timeout(self.quiet) {
                    Ok(job) => self.run(job),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                    // Somebody is within a transaction, and slow.
                    Err(mpsc::RecvTimeoutError::Timeout) if !self.connection.is_autocommit() => {}
                    Err(mpsc::RecvTimeoutError::Timeout) => break,
                }
            }
            if let Err(error) = self.connection.execute_batch("pragma shrink_memory") {
                tracing::warn!(%error, "the database's cached pages could not be given back");
            }
            match self.begin() {
                Ok(()) => return,
                Err((writing, error)) => {
                    tracing::warn!(%error, "the writer's thread keeps its memory: no other can be started");
                    self = writing;
                }
            }
        }
    }

    fn run(&mut self, job: Job) {
        if catch_unwind(AssertUnwindSafe(|| job(&mut self.connection))).is_err() {
            tracing::error!("a job on the database's writer panicked; its transaction is rolled back");
            roll_back(&self.connection);
        }
    }
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

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use super::*;

    const QUIET: Duration = Duration::from_millis(20);

    async fn thread(writer: &Writer) -> ThreadId {
        let turn = writer.turn().await.expect("its turn");
        turn.run(|_| thread::current().id()).await.expect("it runs")
    }

    #[tokio::test]
    async fn after_a_time_without_work_another_thread_goes_on_with_the_same_connection() {
        let connection = Connection::open_in_memory().expect("a database");
        let writer = Writer::resting_after(connection, QUIET).expect("a writer");
        let made = writer.turn().await.expect("its turn");
        made.run(|it| it.execute_batch("create table kept (value integer)")).await.expect("it runs").expect("made");
        drop(made);
        let first = thread(&writer).await;
        let begun = std::time::Instant::now();
        let mut pause = QUIET;
        while thread(&writer).await == first {
            assert!(begun.elapsed() < Duration::from_secs(60), "the same thread stays");
            pause *= 2;
            tokio::time::sleep(pause).await;
        }
        let turn = writer.turn().await.expect("its turn");
        let rows = turn.run(|it| it.execute("insert into kept values (1)", ())).await.expect("it runs");
        assert_eq!(rows, Ok(1), "the table is there: it is the same database, in memory");
    }

    #[tokio::test]
    async fn who_is_slow_within_a_transaction_keeps_its_thread() {
        let connection = Connection::open_in_memory().expect("a database");
        let writer = Writer::resting_after(connection, QUIET).expect("a writer");
        let turn = writer.turn().await.expect("its turn");
        let begun = |it: &mut Connection| (it.execute_batch("begin immediate"), thread::current().id());
        let (begun, first) = turn.run(begun).await.expect("it runs");
        begun.expect("it begins");
        // Not a wait for something: if it were to be replaced, it would be by then.
        tokio::time::sleep(QUIET * 10).await;
        let (open, later) = turn.run(|it| (!it.is_autocommit(), thread::current().id())).await.expect("it runs");
        assert!(open, "the transaction goes on");
        assert_eq!(later, first);
    }
}
