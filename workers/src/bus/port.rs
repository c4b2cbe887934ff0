//! The port that every bus stands behind.

use std::time::Duration;

use async_trait::async_trait;
use campanile_events::{
    ids::{AccountId, PostId, WorkspaceId},
    sabotage::{Mutant, mutated},
};
use serde::{Deserialize, Serialize};

use super::Health;

/// A target that is worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The post.
    pub post_id: PostId,
    /// The target's account.
    pub account_id: AccountId,
    /// The account's platform: jobs are spread by it.
    pub platform: String,
}

/// The bus can't take or give jobs now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bus is unavailable: {0}")]
pub struct BusError(pub String);

/// The longest that a job may be put off: while it is, a new one for its target waits with it. What is due later than
/// that comes back by the table of due targets.
pub const MOST_PUT_OFF: Duration = Duration::from_secs(10);

/// What became of a job that was in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was looked at; what is still to do will be put on the bus again.
    Done,
    /// It comes again, to whoever takes it, after this pause.
    Later(Duration),
}

/// A job in hand. When it is dropped it is done, and the bus may give the target to others again.
pub struct Taken {
    job: Job,
    release: Option<Release>,
}

type Release = Box<dyn FnOnce(Outcome) + Send>;

impl Taken {
    /// A job with what is to be done once it is no longer in hand.
    pub fn new(job: Job, release: impl FnOnce(Outcome) + Send + 'static) -> Self {
        let mut taken = Self { job, release: Some(Box::new(release)) };
        if mutated(Mutant::AckBeforeAppend) {
            taken.end(Outcome::Done);
        }
        taken
    }

    /// What is to be looked at.
    pub const fn job(&self) -> &Job {
        &self.job
    }

    /// Gives the job back: it comes again after a pause, of at most [`MOST_PUT_OFF`].
    pub fn later(mut self, pause: Duration) {
        self.end(Outcome::Later(pause.min(MOST_PUT_OFF)));
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(release) = self.release.take() {
            release(outcome);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.end(Outcome::Done);
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Taken").field(&self.job).finish()
    }
}

/// Jobs in, jobs out.
#[async_trait]
pub trait Bus: Send + Sync + std::fmt::Debug {
    /// Puts a job on the bus. A target that waits already doesn't wait twice; one that is in hand comes again after.
    async fn put(&self, job: Job) -> Result<(), BusError>;

    /// Waits for a job.
    async fn take(&self) -> Result<Taken, BusError>;

    /// How many jobs wait, as far as this node knows: another's may show a moment late.
    fn depth(&self) -> usize;

    /// How the bus is.
    fn health(&self) -> Health;
}
