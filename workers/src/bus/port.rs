//! The port that every bus stands behind.

use async_trait::async_trait;
use campanile_events::ids::{AccountId, PostId, WorkspaceId};
use serde::{Deserialize, Serialize};

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

/// A job in hand. When it is dropped, the bus may give the target to others again.
pub struct Taken {
    job: Job,
    release: Option<Box<dyn FnOnce() + Send>>,
}

impl Taken {
    /// A job with what is to be done once it is no longer in hand.
    pub fn new(job: Job, release: impl FnOnce() + Send + 'static) -> Self {
        Self { job, release: Some(Box::new(release)) }
    }

    /// What is to be looked at.
    pub const fn job(&self) -> &Job {
        &self.job
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
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

    /// How many jobs wait.
    fn depth(&self) -> usize;
}
