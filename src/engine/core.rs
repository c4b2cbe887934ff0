//! What requests are answered with.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use campanile_events::{
    account::Account,
    clock::SharedClock,
    commands::{Executor, Sharing, Streamed},
    db::Database,
    ids::{Epoch, LogPosition, Position},
    journal::{BoundLog, Journal},
    key::Key,
    merkle::checkpoint::VerifyingKey,
    outdated::Outdated,
    post::Post,
    seal::DataKeys,
    timing::Timing,
    workspace::Workspace,
};
use campanile_projections::{ReadModels, Runner};
use campanile_workers::{
    media::Library, platforms::Platforms, publishing::Publishing, sign_ins::SignIns, tokens::Tokens,
};

use super::{Checkpoints, Notary, Timings, bundle::Bundler, resting::Resting};
use crate::{
    access::{Access, Origins, People, plans::Plans},
    api::{http::InProgress, media::UploadLinks, posts::Duplicates},
    configuration::Roles,
    metrics::Metrics,
};

/// How long an answer waits for the read models to show what it did.
const PROJECTED_WITHIN: Duration = Duration::from_secs(2);
/// How many aggregates of a kind stay in memory.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");

/// The parts that requests are answered with. Everything in it is shared.
pub struct Core {
    /// The clock that everything goes by.
    pub clock: SharedClock,
    /// How long things may take.
    pub timing: Timing,
    /// How long they may take on other nodes; `None` where there are none.
    pub timings: Option<Timings>,
    /// The data folder.
    pub folder: PathBuf,
    /// The log, as requests may read it.
    pub journal: BoundLog,
    /// The log's epoch.
    pub epoch: Epoch,
    /// The signed checkpoints.
    pub checkpoints: Checkpoints,
    /// Who signs them.
    pub notary: Notary,
    /// Who makes bundles.
    pub bundler: Bundler,
    /// What they are checked with.
    pub verifying_key: VerifyingKey,
    /// The tables beside the log: each of their owners knows whose rows are whose, and requests ask them.
    pub(super) side: Arc<dyn Database>,
    /// The read models, as requests may ask them.
    pub read: ReadModels,
    /// Keeps them current.
    pub runner: Arc<Runner>,
    /// The workspaces' data keys.
    pub data_keys: Arc<DataKeys>,
    /// Carries out posts' commands.
    pub posts: Executor<Post>,
    /// Carries out accounts' commands.
    pub accounts: Executor<Account>,
    /// Carries out workspaces' commands.
    pub workspaces: Executor<Workspace>,
    /// Carries out keys' commands.
    pub keys: Executor<Key>,
    /// What workspaces' plans let them.
    pub plans: Plans,
    /// Who asks, with a key.
    pub access: Access,
    /// The people, and who of them is signed in.
    pub people: People,
    /// Which origins keys list.
    pub origins: Origins,
    /// Pictures and films.
    pub library: Library,
    /// The addresses that they are given to.
    pub upload_links: UploadLinks,
    /// The platforms.
    pub platforms: Platforms,
    /// The accounts' credentials.
    pub tokens: Arc<Tokens>,
    /// What was begun on platforms' own pages.
    pub sign_ins: SignIns,
    /// Scheduler and workers.
    pub publishing: Publishing,
    /// Lets equal posts through one after the other.
    pub duplicates: Duplicates,
    /// What this process does.
    pub roles: Roles,
    /// Whether this build has met what only a newer one knows.
    pub outdated: Outdated,
    /// The figures.
    pub metrics: Metrics,
    /// Requests with an idempotency key that are under way.
    pub in_progress: InProgress,
    /// Set once the process is told to stop.
    pub draining: AtomicBool,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Core {
    /// An executor on a journal that other processes append to, or not.
    pub(super) fn executor<A>(
        journal: &Arc<dyn Journal>,
        sharing: Sharing,
        clock: &SharedClock,
        services: A::Services,
        outdated: &Outdated,
    ) -> Executor<A>
    where
        A: Streamed,
        A::Command: Clone + Send + Sync + 'static,
        A::Error: Clone + Send + 'static,
        A::Services: 'static,
    {
        Executor::telling(Arc::clone(journal), clock.clone(), services, sharing, REMEMBERED, outdated.clone())
    }

    /// The tables beside the log, of every workspace: for who looks after the engine, never for a client's request.
    pub fn side_everywhere(&self) -> &Arc<dyn Database> {
        &self.side
    }

    /// A position as it leaves the house.
    pub const fn log_position(&self, position: Position) -> LogPosition {
        LogPosition { epoch: self.epoch, position }
    }

    /// Waits for the read models to show what stands at `position`, not for ever; answers whether they do.
    pub async fn projected(&self, position: Position) -> bool {
        self.runner.wait_for(position, PROJECTED_WITHIN).await
    }

    /// What remembers.
    pub(super) fn resting(&self) -> Resting {
        Resting {
            posts: self.posts.clone(),
            accounts: self.accounts.clone(),
            workspaces: self.workspaces.clone(),
            keys: self.keys.clone(),
            library: self.library.clone(),
            people: self.people.clone(),
            runner: Arc::clone(&self.runner),
        }
    }

    /// Whether the process was told to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
