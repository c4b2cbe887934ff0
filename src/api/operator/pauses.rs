//! `POST /operator/pause` and `POST /operator/resume`

use axum::extract::State;
use campanile_events::{
    ids::WorkspaceId,
    journal::{Actor, Metadata},
    workspace::WorkspaceAction,
};
use campanile_projections::workspaces;
use serde::Deserialize;

use crate::api::{
    Api,
    http::{Answer, ApiError, OptionalBody},
};

/// Which workspaces.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    workspace_id: Option<WorkspaceId>,
}

/// Stops publishing in one workspace, or in all that there are.
pub async fn pause(State(api): State<Api>, OptionalBody(which): OptionalBody<Which>) -> Result<Answer, ApiError> {
    each(&api, &which, WorkspaceAction::Pause).await
}

/// Goes on publishing in one workspace, or in all that there are.
pub async fn resume(State(api): State<Api>, OptionalBody(which): OptionalBody<Which>) -> Result<Answer, ApiError> {
    each(&api, &which, WorkspaceAction::Resume).await
}

/// All of them is an event in each: so each workspace's own history says when it stood still, and by whose word.
async fn each(api: &Api, which: &Which, action: WorkspaceAction) -> Result<Answer, ApiError> {
    let ids = match which.workspace_id {
        Some(id) => vec![id],
        None => workspaces::all(api.0.read.as_ref()).await?,
    };
    let all = ids.into_iter().map(|id| {
        let (action, metadata) = (action.clone(), Metadata::by(Actor::operator()));
        async move { api.stop_or_go(id, action, metadata).await.map(|_| serde_json::json!({"id": id})) }
    });
    let stopped = futures::future::try_join_all(all).await?;
    Ok(Answer::list(stopped, None))
}
