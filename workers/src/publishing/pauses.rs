//! The stop button: in a paused workspace nothing is begun, and once the pause was answered nothing leaves.
//!
//! Whether a workspace is paused is its own stream's to say; a post's stream can't know. So a look at it before the
//! intent is not enough: between the look and the request the pause could be stored and answered. Therefore who is
//! about to send holds a [`Pass`] from before the look until the platform has answered, and who pauses first stores the
//! pause and then waits until every pass that was given before is back. A pass that is asked for later sees the pause:
//! the workspace's state moves before its command is answered.
//!
//! Another node's passes can't be waited for so. Therefore who sends looks once more when its intent is stored
//! ([`Pauses::came_between`]), and who pauses looks, once the pause is stored, for what the journal then shows as being
//! sent (`elsewhere`): of the two, one sees the other's event.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use campanile_events::{
    clock::Moment,
    commands::{Executor, LoadError},
    ids::{Position, WorkspaceId},
    workspace::Workspace,
};
use tokio::sync::{Notify, OwnedRwLockReadGuard, RwLock};

/// For so long a look at a workspace needs no other before an intent. Another node's pause that comes meanwhile is found
/// after the intent: nothing leaves, but an attempt was begun in vain, and a target may go by another limit from then on.
const FRESH: Duration = Duration::from_millis(50);

/// The leave to send one step. Held until the platform has answered.
#[derive(Debug)]
pub(super) struct Pass {
    _held: OwnedRwLockReadGuard<()>,
}

#[derive(Debug, Clone)]
pub(super) struct Pauses {
    workspaces: Executor<Workspace>,
    /// Whether no other process can send from these databases.
    alone: bool,
    gates: Arc<Mutex<HashMap<WorkspaceId, Arc<RwLock<()>>>>>,
    gone_on: Arc<Notify>,
}

impl Pauses {
    pub fn new(workspaces: Executor<Workspace>, alone: bool) -> Self {
        Self { workspaces, alone, gates: Arc::default(), gone_on: Arc::default() }
    }

    /// The leave to send; `None` while the workspace is paused.
    pub async fn pass(&self, workspace: WorkspaceId) -> Result<Option<Pass>, LoadError> {
        let held = self.gate(workspace).read_owned().await;
        // Only now: a pause that is stored after this look waits for the pass.
        let paused = self.paused(workspace).await?;
        Ok((!paused).then_some(Pass { _held: held }))
    }

    /// The same for who looked at `looked_at`, found that the workspace goes on, and asks the log once more when its intent
    /// is stored ([`Self::came_between`]). A look that is fresh isn't repeated: by what is remembered, which moves before a
    /// pause of this node is answered, it still goes on.
    pub async fn pass_after(&self, workspace: WorkspaceId, looked_at: Moment) -> Result<Option<Pass>, LoadError> {
        if self.alone || Moment::now().since(looked_at) >= FRESH {
            return self.pass(workspace).await;
        }
        let held = self.gate(workspace).read_owned().await;
        let remembered = self.workspaces.remembered(workspace, workspace.uuid());
        let goes_on = remembered.is_some_and(|loaded| loaded.state.paused_at.is_none());
        // That it is paused may be over by now.
        let paused = !goes_on && self.paused(workspace).await?;
        Ok((!paused).then_some(Pass { _held: held }))
    }

    pub async fn paused(&self, workspace: WorkspaceId) -> Result<bool, LoadError> {
        let loaded = self.workspaces.load(workspace, workspace.uuid()).await?;
        Ok(loaded.is_some_and(|loaded| loaded.state.paused_at.is_some()))
    }

    /// Whether a pause was stored before the intent that is stored by now. Asked of the journal, not of what is
    /// remembered; without an answer nothing may leave.
    pub async fn came_between(&self, workspace: WorkspaceId) -> Result<bool, LoadError> {
        if self.alone { Ok(false) } else { self.paused(workspace).await }
    }

    /// Where a workspace's own stream ends.
    pub async fn position(&self, workspace: WorkspaceId) -> Result<Position, LoadError> {
        let loaded = self.workspaces.load(workspace, workspace.uuid()).await?;
        Ok(loaded.map_or(Position(0), |loaded| loaded.position))
    }

    pub const fn is_alone(&self) -> bool {
        self.alone
    }

    /// Waits until all passes given before are back; answers whether they are.
    pub async fn held(&self, workspace: WorkspaceId, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.gate(workspace).write_owned()).await.is_ok()
    }

    pub fn resumed(&self) {
        self.gone_on.notify_one();
    }

    pub async fn gone_on(&self) {
        self.gone_on.notified().await;
    }

    fn gate(&self, workspace: WorkspaceId) -> Arc<RwLock<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(workspace).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use campanile_events::{
        clock::{ManualClock, SharedClock},
        commands::{Request, Sharing},
        db::Sqlite,
        ids::OrganizationId,
        journal::{Actor, Metadata, SqliteJournal},
        seal::Sealed,
        workspace::{WorkspaceAction, WorkspaceCommand},
    };
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    async fn tell(pauses: &Pauses, workspace: WorkspaceId, action: WorkspaceAction) {
        let command = WorkspaceCommand { now: DateTime::UNIX_EPOCH, action };
        let metadata = Metadata::by(Actor::operator());
        let request = Request { workspace, id: workspace.uuid(), command, metadata, receipt: None };
        pauses.workspaces.execute(request).await.expect("it can be told");
    }

    fn workspace() -> WorkspaceId {
        WorkspaceId::from(Uuid::from_u128(1))
    }

    /// So many nodes on one log, where the workspace is.
    async fn nodes<const MANY: usize>(sharing: Sharing) -> [Pauses; MANY] {
        let clock: SharedClock = ManualClock::starting_at(DateTime::UNIX_EPOCH);
        let db = Sqlite::open_in_memory().expect("a database");
        let journal = Arc::new(SqliteJournal::open(db, clock.clone()).await.expect("a journal"));
        let most = NonZeroUsize::new(10).expect("not zero");
        let nodes = std::array::from_fn(|_| {
            let workspaces = Executor::new(journal.clone(), clock.clone(), (), sharing, most);
            Pauses::new(workspaces, sharing == Sharing::Alone)
        });
        let organization_id = OrganizationId::from(Uuid::from_u128(2));
        let name = Sealed::from_stored("v1.sealed");
        tell(&nodes[0], workspace(), WorkspaceAction::Create { organization_id, name }).await;
        nodes
    }

    #[tokio::test]
    async fn another_nodes_pause_is_seen_by_the_next_look_and_once_the_intent_is_stored_at_the_latest() {
        let [here, there] = nodes(Sharing::Shared).await;
        let pass = async |node: &Pauses, at| node.pass_after(workspace(), at).await.expect("read").is_some();
        assert!(!here.paused(workspace()).await.expect("read"), "it goes on, and that is remembered");
        let looked_at = Moment::now();
        assert!(pass(&here, looked_at).await && !here.came_between(workspace()).await.expect("read"));
        tell(&there, workspace(), WorkspaceAction::Pause).await;
        assert!(!pass(&there, Moment::now()).await, "nobody may where it was paused");
        assert!(here.came_between(workspace()).await.expect("read"), "nothing leaves where it was not");
        assert!(!pass(&here, Moment::now()).await, "and by then that is known");
        tell(&there, workspace(), WorkspaceAction::Resume).await;
        assert!(pass(&here, Moment::now()).await, "that it is paused is not believed without a look");
        tell(&there, workspace(), WorkspaceAction::Pause).await;
        tokio::time::sleep(FRESH).await;
        assert!(!pass(&here, looked_at).await, "nor that it goes on, if the look is old");
    }

    #[tokio::test]
    async fn a_pause_waits_for_every_pass_given_before_it_and_none_is_given_after() {
        let [pauses] = nodes(Sharing::Alone).await;
        let workspace = workspace();
        let (first, second) =
            (pauses.pass(workspace).await.expect("read"), pauses.pass(workspace).await.expect("read"));
        assert!(first.is_some() && second.is_some(), "it goes on: each may send");
        tell(&pauses, workspace, WorkspaceAction::Pause).await;
        assert!(!pauses.held(workspace, AT_ONCE).await, "two are still sending");
        drop(first);
        assert!(!pauses.held(workspace, AT_ONCE).await, "one is still sending");
        drop(second);
        assert!(pauses.held(workspace, AT_ONCE).await, "nobody is sending");
        assert!(pauses.pass(workspace).await.expect("read").is_none(), "nobody may");
        let other = pauses.pass(WorkspaceId::from(Uuid::from_u128(3))).await.expect("read");
        assert!(other.is_some() && pauses.held(workspace, AT_ONCE).await, "another workspace is not concerned");
        tell(&pauses, workspace, WorkspaceAction::Resume).await;
        assert!(pauses.pass(workspace).await.expect("read").is_some(), "it goes on again");
    }
}
