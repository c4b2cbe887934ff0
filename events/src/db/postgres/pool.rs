//! Sessions that are kept for the next who needs one.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{error::Failure, session::Session, settings::Settings};
use crate::db::{DbError, Row, Table, Value, Write};

/// How long a task waits for a session while all are taken.
const PATIENCE: Duration = Duration::from_secs(5);
/// What an answer may take beyond the server's own limit for a statement: a server that stands still says nothing.
const GRACE: Duration = Duration::from_millis(500);
/// How long a new session may take. Below the limit of the whole, so that it is known to others that nobody answers.
const OPENING: Duration = Duration::from_secs(5);
/// After a connection that failed nobody tries again for so long; doubled with each failure, up to the last.
const FIRST_REST: Duration = Duration::from_millis(50);
const LAST_REST: Duration = Duration::from_secs(2);

pub(super) struct Pool {
    settings: Settings,
    permits: Arc<Semaphore>,
    idle: Idle,
    rest: Mutex<Option<Rest>>,
}

type Idle = Arc<Mutex<Vec<Session>>>;

/// Nobody answered: until when that is taken for true.
#[derive(Debug, Clone)]
struct Rest {
    until: Instant,
    length: Duration,
    error: DbError,
}

impl Pool {
    pub(super) fn new(settings: Settings, size: usize) -> Self {
        Self { settings, permits: Arc::new(Semaphore::new(size)), idle: Idle::default(), rest: Mutex::default() }
    }

    /// Takes a session, first come, first served.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if the server can't be reached, or all sessions are taken for too long.
    pub(super) async fn take(&self) -> Result<Taken, DbError> {
        let busy = |_| DbError::Unavailable("every connection to the database is taken".to_owned());
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await.map_err(busy)?;
        let permit = permit.map_err(|_| DbError::Unavailable("the database is closed".to_owned()))?;
        let (session, is_fresh) = match self.idle() {
            Some(session) => (session, false),
            None => (self.open().await?, true),
        };
        Ok(Taken {
            session: Some(session),
            idle: Arc::clone(&self.idle),
            deadline: self.settings.limits().statement.map(|limit| limit + GRACE),
            is_whole: true,
            is_fresh,
            _permit: permit,
        })
    }

    /// Lets go of the sessions that wait: the server they go to has gone.
    pub(super) fn forget_idle(&self) {
        lock(&self.idle).clear();
    }

    fn idle(&self) -> Option<Session> {
        let mut idle = lock(&self.idle);
        std::iter::from_fn(|| idle.pop()).find(|session| !session.client().is_closed())
    }

    async fn open(&self) -> Result<Session, DbError> {
        let rest = lock(&self.rest).clone();
        if let Some(rest) = rest.as_ref().filter(|rest| Instant::now() < rest.until) {
            return Err(rest.error.clone());
        }
        let opened = tokio::time::timeout(OPENING, Session::open(&self.settings)).await;
        let silent = |_| Err(DbError::Unavailable("the server doesn't answer".to_owned()));
        let opened = opened.unwrap_or_else(silent);
        *lock(&self.rest) = opened.as_ref().err().map(|error| {
            let length = rest.map_or(FIRST_REST, |rest| (rest.length * 2).min(LAST_REST));
            Rest { until: Instant::now() + length, length, error: error.clone() }
        });
        opened
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A session, until this is dropped. One whose statement was not waited for is not used again: the next would wait for
/// it, or find itself within its transaction.
pub(super) struct Taken {
    session: Option<Session>,
    idle: Idle,
    deadline: Option<Duration>,
    is_whole: bool,
    is_fresh: bool,
    _permit: OwnedSemaphorePermit,
}

impl Taken {
    /// Whether it was opened for this: another attempt would find nothing better.
    pub(super) const fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    pub(super) async fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, deadline, session.query(sql, values)).await
    }

    pub(super) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, deadline, session.execute(sql, values)).await
    }

    /// `begin` and `commit`.
    pub(super) async fn command(&mut self, sql: &str) -> Result<(), Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, deadline, session.script(sql)).await
    }

    /// May take as long as the server lets it.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), Failure> {
        let (session, is_whole, _) = self.parts();
        guarded(is_whole, None, session.script(sql)).await
    }

    pub(super) async fn read_rows(
        &mut self,
        table: &Table,
        name: &str,
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, deadline, session.read_rows(table, name, keys)).await
    }

    pub(super) async fn write_rows(&mut self, table: &Table, name: &str, rows: &[Vec<Value>]) -> Result<(), Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, deadline, session.write_rows(table, name, rows)).await
    }

    pub(super) async fn delete_rows(&mut self, table: &Table, name: &str, keys: &[Vec<Value>]) -> Result<(), Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, deadline, session.delete_rows(table, name, keys)).await
    }

    /// These have the time that they would have one after the other.
    pub(super) async fn query_all(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, for_each_of(deadline, queries.len()), session.query_all(queries)).await
    }

    /// The same.
    pub(super) async fn write_all(&mut self, writes: &[Write]) -> Result<(), Failure> {
        let (session, is_whole, deadline) = self.parts();
        guarded(is_whole, for_each_of(deadline, writes.len()), session.write_all(writes)).await
    }

    /// Ends an open transaction without waiting for it.
    pub(super) fn abandon(&mut self) {
        if let Some(session) = self.session.as_ref().filter(|_| self.is_whole) {
            session.roll_back();
        }
    }

    pub(super) fn client(&self) -> &tokio_postgres::Client {
        self.session.as_ref().expect("a session is held until the drop").client()
    }

    fn parts(&mut self) -> (&mut Session, &mut bool, Option<Duration>) {
        let session = self.session.as_mut().expect("a session is held until the drop");
        (session, &mut self.is_whole, self.deadline)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(|session| self.is_whole && !session.client().is_closed()) {
            lock(&self.idle).push(session);
        }
    }
}

/// The deadline of so many statements that go together.
fn for_each_of(deadline: Option<Duration>, statements: usize) -> Option<Duration> {
    Some(deadline? * u32::try_from(statements.max(1)).unwrap_or(u32::MAX))
}

/// While the statement runs the session is not whole: whoever stops waiting leaves it so.
async fn guarded<T>(
    is_whole: &mut bool,
    deadline: Option<Duration>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if !*is_whole {
        return Err(Failure::silent());
    }
    *is_whole = false;
    let answer = match deadline {
        Some(deadline) => tokio::time::timeout(deadline, work).await.unwrap_or_else(|_| Err(Failure::silent())),
        None => work.await,
    };
    *is_whole = !answer.as_ref().is_err_and(|failure| failure.is_lost);
    answer
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
