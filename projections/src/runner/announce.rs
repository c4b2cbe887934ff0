//! What is known of the checkpoints, and the position that is told to those who wait.

use std::{
    pin::pin,
    sync::{MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use campanile_events::{db::Engine, ids::Position};
use tokio::sync::watch;

use super::{
    Runner, RunnerError,
    checkpoint::{Checkpoint, Place},
};
use crate::projection::Projection;

/// How long a lost wake-up goes unnoticed.
const POLL: Duration = Duration::from_secs(1);
/// How soon to look again for what somebody waits for.
const LOOK: Duration = Duration::from_millis(2);

/// While somebody waits.
struct Waits<'a>(&'a Runner);

impl<'a> Waits<'a> {
    fn begin(runner: &'a Runner) -> Self {
        runner.waiting.send_modify(|waiting| *waiting += 1);
        Self(runner)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl Runner {
    /// Everything up to here can be read from every read model.
    pub fn position(&self) -> Position {
        *self.announced.borrow()
    }

    /// Follows [`Self::position`].
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.announced.subscribe()
    }

    /// Waits until `position` can be read from every read model, so long at most; answers whether it can.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> bool {
        // Subscribed before it looks: what is announced in between wakes it.
        let mut announced = self.announced.subscribe();
        if *announced.borrow() >= position {
            return true;
        }
        let _waits = Waits::begin(self);
        if self.is_shared() && *announced.borrow() < position {
            // Another node may have it already, or have appended it.
            self.wanted.fetch_max(position.0, Ordering::AcqRel);
            self.wake();
        }
        let reached = tokio::time::timeout(limit, announced.wait_for(|at| *at >= position)).await;
        matches!(reached, Ok(Ok(_)))
    }

    /// How many in this process wait for something to be shown.
    pub fn awaited(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }

    /// Keeps known how far other nodes have brought the read models, until `shutdown`: for a process that doesn't bring
    /// them forward itself.
    pub async fn follow(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        loop {
            let mut pause = LOOK;
            loop {
                if let Err(error) = self.refresh().await {
                    tracing::warn!(%error, "how far the read models are is not known");
                    pause = POLL;
                }
                if self.position().0 >= self.wanted.load(Ordering::Acquire) {
                    break;
                }
                tokio::select! {
                    () = &mut shutdown => return,
                    () = self.woken.notified() => pause = LOOK,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(POLL),
                }
            }
            tokio::select! {
                () = &mut shutdown => return,
                () = self.woken.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Makes [`Self::run`] or [`Self::follow`] look at once. For who hears that another node has appended or projected; without it that is
    /// seen within a second.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Whether other processes may move the checkpoints.
    pub(super) fn is_shared(&self) -> bool {
        self.db.engine() == Engine::Postgres
    }

    pub(super) fn projection(&self, name: &str) -> Option<&dyn Projection> {
        self.projections.iter().find(|projection| projection.name() == name).map(AsRef::as_ref)
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Vec<Checkpoint>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes checkpoints that are committed for known, and announces how far all live tables have come.
    pub(super) fn see(&self, checkpoints: Vec<Checkpoint>) {
        let live = |checkpoint: &&Checkpoint| {
            checkpoint.place == Place::Live && self.projection(&checkpoint.projection).is_some()
        };
        let reached = checkpoints.iter().filter(live).map(|checkpoint| checkpoint.position).min();
        // Who only follows meets a newer build's tables here.
        let is_newer = |it: &&Checkpoint| self.projection(&it.projection).is_some_and(|own| it.version > own.version());
        if let Some(newer) = checkpoints.iter().filter(live).find(is_newer) {
            self.stopped.send_if_modified(|stopped| {
                let is_news = stopped.is_none();
                if is_news {
                    *stopped = Some(RunnerError::newer_tables(newer));
                }
                is_news
            });
        }
        *self.seen() = checkpoints;
        self.announced.send_if_modified(|at| {
            let news = reached.filter(|reached| *reached > *at);
            news.inspect(|reached| *at = *reached).is_some()
        });
    }

    /// Looks at the checkpoints: another node may have moved them.
    pub(super) async fn refresh(&self) -> Result<(), RunnerError> {
        self.see(Checkpoint::all(self.db.as_ref()).await?);
        Ok(())
    }
}
