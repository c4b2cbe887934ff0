//! Which plan a workspace has, and what it has used.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use campanile_events::{
    commands::{Executor, LoadError, Sharing},
    db::{Database, DbError},
    ids::WorkspaceId,
    journal::{Month, used},
    key::RateLimit,
    workspace::Workspace,
};
use campanile_projections::{page::QueryError, workspaces};
use chrono::{DateTime, Utc};
use lru::LruCache;

use super::{Allowance, PlanSettings, Quota};

const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// For how long the limit of requests is gone by that a workspace had: another node may have given it another plan.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The plans of workspaces. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plans(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: PlanSettings,
    usual: RateLimit,
    workspaces: Executor<Workspace>,
    journal: Arc<dyn Database>,
    remembered: Mutex<LruCache<WorkspaceId, (Instant, Option<String>)>>,
}

/// Why it can't be told what a workspace is allowed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlansError {
    /// Its record can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What was counted can't be read.
    #[error(transparent)]
    Db(#[from] DbError),
    /// It has a plan that isn't in this node's configuration.
    #[error("the workspace has the plan `{0}`, which this node's configuration doesn't have")]
    Unknown(String),
}

/// How much of a quota is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaUsed {
    /// Which.
    pub quota: Quota,
    /// How much a calendar month holds.
    pub most: u64,
    /// How much of it is used.
    pub used: u64,
    /// When the next month begins.
    pub resets_at: DateTime<Utc>,
}

/// How much of a quota of its plan a workspace has used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceUsed {
    /// Which workspace.
    pub workspace: WorkspaceId,
    /// Its plan.
    pub plan: String,
    /// Which quota.
    pub quota: Quota,
    /// How much a calendar month holds.
    pub most: u64,
    /// How much of it is used.
    pub used: u64,
}

impl Plans {
    /// Plans by these settings; `journal` is where the journal keeps what was counted, `usual` how many requests are made
    /// where a plan says nothing of it.
    pub fn new(
        settings: PlanSettings,
        usual: RateLimit,
        workspaces: Executor<Workspace>,
        journal: Arc<dyn Database>,
    ) -> Self {
        let remembered = Mutex::new(LruCache::new(REMEMBERED));
        Self(Arc::new(Inner { settings, usual, workspaces, journal, remembered }))
    }

    /// The plans that there are.
    pub fn settings(&self) -> &PlanSettings {
        &self.0.settings
    }

    /// What a workspace is allowed now.
    ///
    /// # Errors
    /// [`PlansError::Unknown`] if its plan isn't one of ours; else if its record can't be read.
    pub async fn of(&self, workspace: WorkspaceId) -> Result<Allowance, PlansError> {
        if self.0.settings.is_empty() {
            return Ok(Allowance(None));
        }
        let Some(name) = self.name(workspace).await? else { return Ok(Allowance(None)) };
        let plan = self.0.settings.get(&name).cloned();
        plan.map_or_else(|| Err(PlansError::Unknown(name.clone())), |plan| Ok(Allowance(Some((name.clone(), plan)))))
    }

    /// How many requests keys and sessions of a workspace make at most, and are made with; `None` where no plan says. What
    /// another node changed counts within a second.
    ///
    /// # Errors
    /// If the workspace's record can't be read.
    pub async fn requests(&self, workspace: WorkspaceId) -> Result<Option<RateLimit>, PlansError> {
        let inner = &self.0;
        if inner.settings.is_empty() {
            return Ok(None);
        }
        let known = self.remembered().get(&workspace).cloned();
        let fresh =
            |(since, _): &(Instant, _)| since.elapsed() < GOOD_FOR && inner.workspaces.sharing() == Sharing::Shared;
        let name = if let Some((_, name)) = known.filter(fresh) {
            name
        } else {
            let began = Instant::now();
            let name = self.name(workspace).await?;
            self.remembered().put(workspace, (began, name.clone()));
            name
        };
        Ok(name.and_then(|name| inner.settings.get(&name)).and_then(|plan| plan.requests(inner.usual)))
    }

    /// How much of its plan's quotas a workspace has used in the month of `now`.
    ///
    /// # Errors
    /// If what was counted can't be read.
    pub async fn used(
        &self,
        workspace: WorkspaceId,
        allowance: &Allowance,
        now: DateTime<Utc>,
    ) -> Result<Vec<QuotaUsed>, PlansError> {
        let Some((_, plan)) = allowance.plan().filter(|(_, plan)| !plan.quotas.is_empty()) else {
            return Ok(Vec::new());
        };
        let counted = used(self.0.journal.as_ref(), &Month::of(now), Some(workspace)).await?;
        let of =
            |quota: Quota| counted.iter().find(|(_, name, _)| name == quota.as_str()).map_or(0, |(.., used)| *used);
        let resets_at = Month::ends(now);
        let all = plan.quotas.iter();
        Ok(all.map(|(quota, most)| QuotaUsed { quota: *quota, most: *most, used: of(*quota), resets_at }).collect())
    }

    /// The same of all workspaces that have a plan, as the read models say.
    ///
    /// # Errors
    /// If these can't be read, or what was counted can't.
    pub async fn used_by_all(&self, read: &dyn Database, now: DateTime<Utc>) -> Result<Vec<WorkspaceUsed>, QueryError> {
        if self.0.settings.is_empty() {
            return Ok(Vec::new());
        }
        let counted = used(self.0.journal.as_ref(), &Month::of(now), None).await?;
        let sums: HashMap<_, _> = counted.into_iter().map(|(of, quota, used)| ((of, quota), used)).collect();
        let mut all = Vec::new();
        for (workspace, plan) in workspaces::planned(read).await? {
            for (quota, most) in self.0.settings.get(&plan).into_iter().flat_map(|plan| &plan.quotas) {
                let used = sums.get(&(workspace, quota.as_str().to_owned())).copied().unwrap_or_default();
                all.push(WorkspaceUsed { workspace, plan: plan.clone(), quota: *quota, most: *most, used });
            }
        }
        Ok(all)
    }

    /// Says in the log which plans workspaces have that aren't in the configuration.
    pub async fn tell_unknown(&self, read: &dyn Database) {
        let planned = workspaces::planned(read).await.unwrap_or_default();
        for (workspace, plan) in planned.iter().filter(|(_, plan)| self.0.settings.get(plan).is_none()) {
            tracing::warn!(workspace.id = %workspace, plan, "the workspace has a plan that isn't in the configuration");
        }
    }

    async fn name(&self, workspace: WorkspaceId) -> Result<Option<String>, LoadError> {
        let loaded = self.0.workspaces.load(workspace, workspace.uuid()).await?;
        Ok(loaded.and_then(|loaded| loaded.state.plan.clone()))
    }

    fn remembered(&self) -> MutexGuard<'_, LruCache<WorkspaceId, (Instant, Option<String>)>> {
        self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
