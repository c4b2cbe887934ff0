//! `POST /operator/pause` and `POST /operator/resume`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    workspace::{WorkspaceAction, WorkspaceCommand},
};
use campanile_projections::workspaces;

use crate::api::{
    Api,
    http::{Answer, ApiError, Parameters},
    operator::AtMachine,
};

/// Stops publishing in a workspace, or in all that there are.
pub async fn pause(State(api): State<Api>, operator: AtMachine, given: Parameters) -> Result<Answer, ApiError> {
    each(&api, &operator, given, &WorkspaceAction::Pause).await
}

/// Goes on publishing in a workspace, or in all that there are.
pub async fn resume(State(api): State<Api>, operator: AtMachine, given: Parameters) -> Result<Answer, ApiError> {
    each(&api, &operator, given, &WorkspaceAction::Resume).await
}

/// All of them is an event in each: so each workspace's own record says when it stood still, and by whose word.
async fn each(
    api: &Api,
    operator: &AtMachine,
    mut given: Parameters,
    action: &WorkspaceAction,
) -> Result<Answer, ApiError> {
    let ids = if given.flag("all") {
        workspaces::all(api.0.read.everywhere().as_ref()).await?
    } else {
        vec![api.workspace(&mut given).await?]
    };
    given.finish()?;
    let all = ids.into_iter().map(|id| {
        let command = WorkspaceCommand { now: api.0.clock.now(), action: action.clone() };
        let metadata = operator.metadata();
        let request = Request { workspace: id, id: id.uuid(), command, metadata, receipt: None };
        async move { api.stop_or_go(id, api.0.workspaces.execute(request).await).await }
    });
    let done = futures::future::try_join_all(all).await?;
    Ok(Answer::list(done.into_iter().map(|(shown, _)| shown).collect(), None))
}
