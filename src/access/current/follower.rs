//! Keeps a node's cache up with the log.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::{
    db::DbError,
    ids::Position,
    journal::{Journal, ReadError, StreamKind},
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::{Cache, Nodes};

/// A look at least so often: twice before the last one is too old.
const POLL: Duration = Duration::from_millis(200);
/// Between two looks, so that a busy log's wake-ups cost a bounded part of the database.
const REST: Duration = Duration::from_millis(5);
/// How often others hear of a node whose cache doesn't move.
const BEAT: Duration = Duration::from_secs(1);
/// How often nodes that died without a word are looked for: each node does, whichever of them leads.
const SWEEP: Duration = Duration::from_secs(5);
/// After a look that failed.
const PAUSE: Duration = Duration::from_millis(100);
/// Who is so far behind is quicker with an empty cache.
const FAR: u64 = 5_000;

/// Follows the log for as long as the process goes by its cache.
pub(super) struct Follower {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) cache: Arc<Cache>,
    pub(super) nodes: Arc<Nodes>,
    /// Somebody wants a look now.
    pub(super) wanted: Arc<Notify>,
    /// True, or its sender gone, ends it.
    pub(super) stop: watch::Receiver<bool>,
    /// What others know of this node, and since when.
    pub(super) told: Option<(Position, Instant)>,
    /// When this node last looked for dead ones.
    pub(super) swept: Option<Instant>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Follower {
    pub(super) async fn run(mut self) {
        let mut wake = self.journal.watch();
        let mut stop = self.stop.clone();
        let stopped = async move {
            // A sender that is gone says the same.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::pin!(stopped);
        loop {
            let looked = tokio::select! {
                () = &mut stopped => break,
                looked = self.step(&mut wake) => looked,
            };
            let pause = match looked {
                Ok(()) => REST,
                Err(error) => {
                    tracing::debug!(%error, "keys are read from the database until the log can be followed again");
                    PAUSE
                }
            };
            tokio::select! {
                () = &mut stopped => break,
                () = sleep(pause) => {}
            }
        }
        self.cache.unlisted();
        if let Err(error) = self.nodes.leave().await {
            tracing::debug!(%error, "this node's place in the table of nodes stays until it is forgotten");
        }
    }

    /// Looks, tells others, and waits until it is worth another look.
    async fn step(&mut self, wake: &mut watch::Receiver<Position>) -> Result<(), Failure> {
        // What comes from now on wakes: it may come too late for this look.
        wake.mark_unchanged();
        if self.told.is_none() {
            self.enter().await?;
        }
        self.look().await?;
        self.tell().await?;
        self.sweep().await?;
        // A journal that is gone wakes nobody: the poll goes on, and the next look says so.
        let _ = timeout(POLL, async {
            tokio::select! {
                woken = wake.changed() => if woken.is_err() { std::future::pending::<()>().await },
                () = self.wanted.notified() => {}
            }
        })
        .await;
        Ok(())
    }

    async fn look(&self) -> Result<(), ReadError> {
        let began = Instant::now();
        let head = self.journal.head().await?.position;
        // The log can only be shorter than what was read of it if a copy took its place.
        if head < self.cache.applied() || head.0 - self.cache.applied().0 > FAR {
            self.cache.start_anew_at(head);
        }
        let applied = self.cache.applied();
        if applied < head {
            // Where a copy has just taken its place and ends before, the next look finds out.
            self.cache.apply(&self.journal.moved(StreamKind::Key, applied, head).await?, head);
        }
        self.cache.looked(began);
        Ok(())
    }

    /// Tells others how far this node is, if that is news or they have not heard of it for a while.
    async fn tell(&mut self) -> Result<(), DbError> {
        let change = self.cache.last_change();
        if self.told.is_some_and(|(told, at)| told >= change && at.elapsed() < BEAT) {
            return Ok(());
        }
        let (began, applied) = (Instant::now(), self.cache.applied());
        if self.nodes.confirm(applied).await? {
            self.cache.listed(began);
            self.told = Some((applied, began));
        } else {
            // Nobody waits for this node any more.
            self.cache.unlisted();
            self.told = None;
        }
        Ok(())
    }

    /// Forgets nodes that can't go by their cache any more: every revocation would wait for them.
    async fn sweep(&mut self) -> Result<(), DbError> {
        if self.swept.is_some_and(|at| at.elapsed() < SWEEP) {
            return Ok(());
        }
        // Not again at once if it fails: what this node itself goes by is more urgent.
        self.swept = Some(Instant::now());
        self.nodes.forget_silent().await
    }

    async fn enter(&mut self) -> Result<(), DbError> {
        let began = Instant::now();
        self.nodes.enter().await?;
        self.cache.listed(began);
        self.told = Some((Position(0), began));
        Ok(())
    }
}
