//! The loop: wait for the log to move, take batches until nothing is left, wait again.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use campanile_events::ids::Position;
use tokio::sync::watch;

use super::{Runner, RunnerError, advance::BATCH, checkpoint::Place};

/// How long a lost wake-up goes unnoticed, and how soon what failed is tried again.
const POLL: Duration = Duration::from_secs(1);
/// How soon to look how far another node has come with its batch, and how often before this one tries to take it.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: usize = 10;

/// A batch of so many events says that the log is busy.
const BUSY: u64 = 100;
/// How long the next batch may fill up then. Who waits on another node is not heard here.
const GATHER: Duration = Duration::from_millis(100);
const GATHER_SHARED: Duration = Duration::from_millis(20);

/// Whether a step found something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Rows or checkpoints were written; there may be more.
    Moved,
    /// There was nothing.
    Idle,
    /// Another node holds the checkpoints.
    Elsewhere,
}

/// While [`Runner::run`] does.
struct Runs<'a>(&'a Runner);

impl<'a> Runs<'a> {
    fn begin(runner: &'a Runner) -> Self {
        runner.runs.store(true, Ordering::Release);
        Self(runner)
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        self.0.runs.store(false, Ordering::Release);
    }
}

impl Runner {
    /// Keeps the read models current until `shutdown`.
    ///
    /// # Errors
    /// [`RunnerError::is_final`] ones only: this build must not go on. Everything else is said and tried again.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) -> Result<(), RunnerError> {
        let mut shutdown = pin!(shutdown);
        let mut committed = self.journal.watch();
        let mut told = None;
        let _runs = Runs::begin(self);
        loop {
            // Marked as seen before the log is read: what is committed in between wakes the wait below.
            committed.borrow_and_update();
            let before = self.position();
            let step = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                step = self.run_once() => step,
            };
            if matches!(step, Ok(Progress::Moved | Progress::Idle)) {
                tokio::select! {
                    biased;
                    () = &mut shutdown => return Ok(()),
                    () = self.tell_heard(&mut told) => {}
                }
            }
            let pause = match step {
                Ok(Progress::Moved) => {
                    tokio::select! {
                        () = &mut shutdown => return Ok(()),
                        () = self.gather(before, &mut committed) => continue,
                    }
                }
                Ok(Progress::Idle) => POLL,
                Ok(Progress::Elsewhere) => {
                    tokio::select! {
                        () = &mut shutdown => return Ok(()),
                        () = self.look() => continue,
                    }
                }
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the read models could not be brought forward");
                    POLL
                }
            };
            let moved = async {
                if committed.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = moved => {}
                () = self.woken.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Lets a busy log fill the next batch, while nobody waits to see it: what changes twice in a batch is written once. What
    /// is built beside would never come to the end of such a log.
    async fn gather(&self, before: Position, committed: &mut watch::Receiver<Position>) {
        let reached = self.position();
        if reached.0 - before.0 < BUSY || self.smallest(Place::Beside).is_some() {
            return;
        }
        let most = if self.is_shared() { GATHER_SHARED } else { GATHER };
        let mut waiting = self.awaited();
        tokio::select! {
            biased;
            _ = waiting.wait_for(|waiting| *waiting > 0) => {}
            _ = committed.wait_for(|committed| committed.0 >= reached.0 + BATCH as u64) => {}
            () = tokio::time::sleep(most) => {}
        }
    }

    /// Takes one batch into the live tables, and one into those that are built beside them.
    ///
    /// # Errors
    /// After a final one every call gives the same.
    pub async fn run_once(&self) -> Result<Progress, RunnerError> {
        let _turn = self.turn.lock().await;
        if let Some(reason) = self.stop_reason() {
            return Err(reason);
        }
        let step = self.both().await;
        if let Err(error) = &step
            && error.is_final()
        {
            tracing::error!(%error, "the read models are no longer brought forward");
            self.stopped.send_replace(Some(error.clone()));
        }
        step
    }

    /// Takes batches until nothing is left, waiting for those that another node takes.
    ///
    /// # Errors
    /// The first of [`Self::run_once`].
    pub async fn catch_up(&self) -> Result<(), RunnerError> {
        loop {
            match self.run_once().await? {
                Progress::Moved => {}
                Progress::Elsewhere => self.look().await,
                Progress::Idle => return Ok(()),
            }
        }
    }

    /// Gives up what the read models remember between batches, for when nothing happens: what is wanted again is read again.
    pub async fn rest(&self) {
        let _turn = self.turn.lock().await;
        for projection in &self.projections {
            projection.forget();
        }
    }

    /// Why this build must not go on, if it must not.
    pub fn stop_reason(&self) -> Option<RunnerError> {
        self.stopped.borrow().clone()
    }

    /// Follows [`Self::stop_reason`].
    pub fn stops(&self) -> watch::Receiver<Option<RunnerError>> {
        self.stopped.subscribe()
    }

    /// Looks until another node has committed its batch, for a while; it may have died with it.
    async fn look(&self) {
        let places = || (self.smallest(Place::Live), self.smallest(Place::Beside));
        let before = places();
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK).await;
            if self.refresh().await.is_err() || places() != before {
                return;
            }
        }
    }

    async fn both(&self) -> Result<Progress, RunnerError> {
        if self.is_shared() {
            // What another node has taken is not read from the log again.
            self.refresh().await?;
        }
        let live = self.advance(Place::Live).await?;
        let beside = self.advance(Place::Beside).await?;
        Ok(if live == Progress::Idle { beside } else { live })
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, sync::Arc, time::Duration};

    use campanile_events::{
        clock::ManualClock,
        db::Sqlite,
        ids::Position,
        journal::{Journal, SqliteJournal},
    };
    use chrono::DateTime;
    use futures::poll;
    use tokio::sync::watch;

    use super::{super::Runner, BATCH, BUSY};

    const LONG: Duration = Duration::from_secs(60);

    async fn runner() -> Runner {
        let memory = || Sqlite::open_in_memory().expect("a database");
        let journal = SqliteJournal::open(memory(), ManualClock::starting_at(DateTime::UNIX_EPOCH)).await;
        let journal: Arc<dyn Journal> = Arc::new(journal.expect("a journal"));
        Runner::open(journal, Arc::new(memory()), crate::all()).await.expect("a runner")
    }

    /// Has taken a batch of so many events; what stood before it.
    fn took(runner: &Runner, events: u64) -> Position {
        let before = runner.position();
        runner.announced.send_modify(|at| at.0 += events);
        before
    }

    #[tokio::test]
    async fn a_busy_log_that_nobody_waits_for_fills_a_batch_and_any_other_is_taken_at_once() {
        let runner = runner().await;
        let (head, mut committed) = watch::channel(Position(0));
        let before = took(&runner, BUSY - 1);
        assert!(poll!(pin!(runner.gather(before, &mut committed))).is_ready(), "it is not busy");

        let before = took(&runner, BUSY);
        let full = runner.position().0 + BATCH as u64;
        {
            let mut gathering = pin!(runner.gather(before, &mut committed));
            assert!(poll!(&mut gathering).is_pending());
            head.send_replace(Position(full - 1));
            assert!(poll!(&mut gathering).is_pending(), "one is missing");
            head.send_replace(Position(full));
            assert!(poll!(&mut gathering).is_ready(), "it is full");
        }
        assert!(poll!(pin!(runner.gather(before, &mut committed))).is_ready(), "it was full before");

        head.send_replace(Position(0));
        tokio::time::timeout(LONG, runner.gather(before, &mut committed)).await.expect("it comes to an end by itself");
    }

    #[tokio::test]
    async fn who_waits_is_not_kept_waiting_for_a_batch_to_fill() {
        let runner = runner().await;
        let (_head, mut committed) = watch::channel(Position(0));
        let (before, next) = (took(&runner, BUSY), Position(BUSY + 1));
        {
            let mut gathering = pin!(runner.gather(before, &mut committed));
            assert!(poll!(&mut gathering).is_pending());
            assert!(runner.wait_for(runner.position(), LONG).await, "it is shown already");
            assert!(!runner.wait_for(next, Duration::ZERO).await);
            assert!(poll!(&mut gathering).is_pending(), "neither waits any longer");
            let mut waiting = pin!(runner.wait_for(next, LONG));
            assert!(poll!(&mut waiting).is_pending());
            assert!(poll!(&mut gathering).is_ready(), "who comes meanwhile");
            assert!(poll!(pin!(runner.gather(before, &mut watch::channel(Position(0)).1))).is_ready(), "and after");
            took(&runner, 1);
            assert!(waiting.await);
        }
        let mut gathering = pin!(runner.gather(before, &mut committed));
        assert!(poll!(&mut gathering).is_pending(), "who was shown it waits no longer");
    }

    #[tokio::test]
    async fn what_is_built_beside_is_not_kept_from_the_end_of_a_busy_log() {
        let runner = runner().await;
        let (_head, mut committed) = watch::channel(Position(0));
        runner.rebuild("posts").await.expect("begun");
        let before = took(&runner, BUSY);
        assert!(poll!(pin!(runner.gather(before, &mut committed))).is_ready());
    }
}
