//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{ids::OrganizationId, seal::Sealed};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

const NOON: &str = "2026-03-01T12:00:00Z";
const ONE: &str = "2026-03-01T13:00:00Z";

fn create() -> WorkspaceAction {
    WorkspaceAction::Create {
        organization_id: OrganizationId::from(Uuid::from_u128(1)),
        name: Sealed::from_stored("s1.bmFtZQ"),
    }
}

fn created() -> WorkspaceEvent {
    WorkspaceEvent::Created(WorkspaceCreated {
        organization_id: OrganizationId::from(Uuid::from_u128(1)),
        name: Sealed::from_stored("s1.bmFtZQ"),
        at: at(NOON),
    })
}

fn paused(when: &str) -> WorkspaceEvent {
    WorkspaceEvent::Paused(WorkspacePaused { at: at(when) })
}

fn planned(plan: Option<&str>) -> WorkspaceEvent {
    WorkspaceEvent::PlanSet(WorkspacePlanSet { plan: plan.map(str::to_owned), at: at(NOON) })
}

fn resumed(when: &str) -> WorkspaceEvent {
    WorkspaceEvent::Resumed(WorkspaceResumed { at: at(when) })
}

#[tokio::test]
async fn a_workspace_is_made_once_gets_plans_and_is_paused_and_resumed() {
    use WorkspaceAction::{Pause, Resume, SetPlan};
    let plan = |name: Option<&str>| SetPlan { plan: name.map(str::to_owned) };
    let cases = [
        (vec![], create(), Ok(vec![created()])),
        (vec![created()], create(), Err(WorkspaceError::Exists)),
        (vec![], Pause, Err(WorkspaceError::NotFound)),
        (vec![], Resume, Err(WorkspaceError::NotFound)),
        (vec![created()], Pause, Ok(vec![paused(NOON)])),
        (vec![created(), paused(NOON)], Pause, Ok(vec![])),
        (vec![created()], Resume, Ok(vec![])),
        (vec![created(), paused(NOON)], Resume, Ok(vec![resumed(NOON)])),
        (vec![], plan(Some("free")), Err(WorkspaceError::NotFound)),
        (vec![created()], plan(Some("free")), Ok(vec![planned(Some("free"))])),
        (vec![created(), planned(Some("free"))], plan(Some("free")), Ok(vec![])),
        (vec![created(), planned(Some("free"))], plan(Some("paid")), Ok(vec![planned(Some("paid"))])),
        (vec![created(), planned(Some("free"))], plan(None), Ok(vec![planned(None)])),
        (vec![created()], plan(None), Ok(vec![])),
        (vec![created(), paused(NOON), resumed(NOON)], Pause, Ok(vec![paused(NOON)])),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        let command = WorkspaceCommand { now: at(NOON), action };
        let then = TestFramework::<Workspace>::with(()).given(before).when_async(command).await.inspect_result();
        assert_eq!(then, expected, "{case}");
    }
}

#[test]
fn it_says_since_when_it_is_paused() {
    let mut workspace = Workspace::default();
    workspace.fold(created());
    workspace.fold(paused(ONE));
    assert_eq!(workspace.paused_at, Some(at(ONE)));
    workspace.fold(resumed(ONE));
    assert_eq!(workspace.paused_at, None);
    assert_eq!(workspace.plan, None);
    workspace.fold(planned(Some("free")));
    assert_eq!(workspace.plan.as_deref(), Some("free"));
    assert_eq!((workspace.revision, workspace.created_at), (4, Some(at(NOON))));
}
