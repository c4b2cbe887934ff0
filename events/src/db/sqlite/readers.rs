//! The connections that read, each on a thread of its own: started when needed, ended but for one when nobody reads any more.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc},
    thread::{self, ThreadId},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::engine::open_reader;
use crate::db::DbError;

/// How many reads run at once.
const CONNECTIONS: usize = 4;

/// How long a reader waits for work. With its thread go its connection, the pages that this has cached, and what the
/// allocator keeps for a thread. The last one stays, without its pages: reading must not depend on what the system has left.
const QUIET: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    quiet: Duration,
    idle: Arc<Idle>,
    permits: Arc<Semaphore>,
}

/// Readers without work. The last that had some is the first to have some again, so that who isn't needed stays quiet.
type Idle = Mutex<Vec<Reader>>;

#[derive(Debug)]
struct Reader {
    work: mpsc::Sender<Work>,
    thread: ThreadId,
}

type Read = Box<dyn FnOnce(Result<&Connection, DbError>, Held) + Send>;

/// A read, and what it keeps from others while it runs.
struct Work {
    read: Read,
    held: Held,
}

struct Held {
    reader: Reader,
    idle: Arc<Idle>,
    permit: OwnedSemaphorePermit,
}

impl Held {
    fn release(self) {
        lock(&self.idle).push(self.reader);
        drop(self.permit);
    }
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self::ending_after(path, QUIET)
    }

    fn ending_after(path: PathBuf, quiet: Duration) -> Self {
        Self { path, quiet, idle: Arc::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// Runs `op` on a connection of its own, on a thread that may block.
    pub(super) async fn run<T, F>(&self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> T + Send + 'static,
    {
        let stopped = || DbError::Unavailable("the reader stopped".to_owned());
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| DbError::Unavailable("the database is closed".to_owned()))?;
        let kept = lock(&self.idle).pop();
        let reader = kept.map_or_else(|| self.start(), Ok)?;
        let (answer, answered) = oneshot::channel();
        let read = Box::new(move |connection: Result<&Connection, DbError>, held: Held| {
            let said = match connection {
                Ok(connection) => {
                    let said = op(connection);
                    // Before the answer, so that who asks again finds this reader and needs no other.
                    held.release();
                    Ok(said)
                }
                Err(error) => Err(error),
            };
            // The one who asked may be gone.
            drop(answer.send(said));
        });
        let work = reader.work.clone();
        work.send(Work { read, held: Held { reader, idle: Arc::clone(&self.idle), permit } }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    fn start(&self) -> Result<Reader, DbError> {
        let (work, waiting) = mpsc::channel();
        let (path, quiet, idle) = (self.path.clone(), self.quiet, Arc::downgrade(&self.idle));
        let started = thread::Builder::new()
            .name("sqlite-reader".to_owned())
            .spawn(move || read(&path, |connection| next(&waiting, quiet, &idle, connection)));
        let thread = started
            .map_err(|error| DbError::Unavailable(format!("a reader's thread can't be started: {error}")))?
            .thread()
            .id();
        Ok(Reader { work, thread })
    }
}

/// Reads for as long as there is work.
fn read(path: &Path, next: impl Fn(Option<&Connection>) -> Option<Work>) {
    let opened = open_reader(path);
    while let Some(Work { read, held }) = next(opened.as_ref().ok()) {
        match &opened {
            Ok(connection) => {
                // What it held is given up by the unwinding; the thread goes too, as nobody knows how its connection was left.
                if catch_unwind(AssertUnwindSafe(|| read(Ok(connection), held))).is_err() {
                    tracing::error!("a read panicked");
                    return;
                }
            }
            Err(error) => return read(Err(error.clone()), held),
        }
    }
}

/// What is to be read next, or nothing once there was nothing for long or the database is closed.
fn next(
    waiting: &mpsc::Receiver<Work>,
    quiet: Duration,
    idle: &Weak<Idle>,
    connection: Option<&Connection>,
) -> Option<Work> {
    match waiting.recv_timeout(quiet) {
        Ok(work) => return Some(work),
        Err(mpsc::RecvTimeoutError::Disconnected) => return None,
        Err(mpsc::RecvTimeoutError::Timeout) => {}
    }
    if ends(&*idle.upgrade()?) {
        return None;
    }
    if let Some(Err(error)) = connection.map(|it| it.execute_batch("pragma shrink_memory")) {
        tracing::warn!(%error, "a reader's cached pages could not be given back");
    }
    waiting.recv().ok()
}

/// Whether this reader takes itself from those without work: others are among them, and nobody took it just now.
fn ends(idle: &Idle) -> bool {
    let mut readers = lock(idle);
    let here = readers.iter().position(|reader| reader.thread == thread::current().id());
    let ends = here.filter(|_| readers.len() > 1).map(|here| readers.remove(here));
    ends.is_some()
}

fn lock(idle: &Idle) -> MutexGuard<'_, Vec<Reader>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Barrier},
        thread::{self, ThreadId},
        time::Duration,
    };

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::{CONNECTIONS, QUIET, Readers, lock};
    use crate::db::DbError;

    const SOON: Duration = Duration::from_secs(20);

    fn file() -> (TempDir, Readers) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        Connection::open(&path).expect("a file").execute_batch("create table things (name text)").expect("written");
        (folder, Readers::new(path))
    }

    fn things(connection: &Connection) -> (i64, ThreadId) {
        let count = connection.query_row("select count(*) from things", [], |row| row.get(0)).expect("counted");
        (count, thread::current().id())
    }

    #[tokio::test]
    async fn one_after_the_other_reads_by_one_thread_and_at_once_by_several() {
        let (_folder, readers) = file();
        let (_, first) = readers.run(things).await.expect("read");
        for _ in 0..100 {
            assert_eq!(readers.run(things).await.expect("read"), (0, first));
        }
        all_at_once(&readers).await;
        assert_eq!(lock(&readers.idle).len(), CONNECTIONS);
    }

    /// Has as many read at once as can.
    async fn all_at_once(readers: &Readers) {
        let all = Arc::new(Barrier::new(CONNECTIONS));
        let together = (0..CONNECTIONS).map(|_| {
            let all = Arc::clone(&all);
            readers.run(move |connection| {
                all.wait();
                things(connection)
            })
        });
        futures::future::try_join_all(together).await.expect("read");
    }

    #[tokio::test]
    async fn who_has_no_work_for_long_ends_but_for_one_and_whoever_asks_then_is_answered() {
        let (_folder, mut readers) = file();
        readers.quiet = Duration::from_millis(5);
        for _ in 0..20 {
            all_at_once(&readers).await;
            let ended = async {
                while lock(&readers.idle).len() > 1 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(SOON, ended).await.expect("they end by themselves");
            let (_, last) = readers.run(things).await.expect("read");
            tokio::time::sleep(readers.quiet * 4).await;
            assert_eq!(readers.run(things).await.expect("read"), (0, last), "the last one stays");
        }
        // At the very moment that they end, too.
        readers.quiet = Duration::from_micros(50);
        for _ in 0..2_000 {
            all_at_once(&readers).await;
        }
    }

    #[tokio::test]
    async fn a_read_that_panics_fails_alone() {
        let (_folder, readers) = file();
        for _ in 0..=CONNECTIONS {
            let failed = readers.run(|_| -> () { panic!("a defect") }).await;
            assert!(matches!(failed, Err(DbError::Unavailable(_))), "{failed:?}");
        }
        assert_eq!(readers.run(things).await.expect("read").0, 0);
    }

    #[tokio::test]
    async fn a_file_that_can_not_be_opened_says_so_and_is_tried_again() {
        let (folder, readers) = file();
        let away = folder.path().join("away.db");
        std::fs::rename(folder.path().join("a.db"), &away).expect("moved");
        for _ in 0..=CONNECTIONS {
            let failed = readers.run(things).await;
            assert!(failed.is_err(), "{failed:?}");
        }
        std::fs::rename(&away, folder.path().join("a.db")).expect("moved back");
        assert_eq!(readers.run(things).await.expect("read").0, 0);
    }

    #[tokio::test]
    async fn a_connection_is_closed_with_the_database() {
        let (folder, readers) = file();
        let path = folder.path().join("a.db").canonicalize().expect("a path");
        let is_open = || {
            let fds = std::fs::read_dir("/proc/self/fd").expect("listed");
            fds.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == path))
        };
        readers.run(things).await.expect("read");
        assert!(is_open());
        drop(readers);
        let closed = async {
            while is_open() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // Sooner than one that nobody needs.
        tokio::time::timeout(QUIET / 2, closed).await.expect("closed");
    }
}
