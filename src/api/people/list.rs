//! `GET /v1/people`

use axum::extract::State;
use campanile_events::ids::WorkspaceId;
use campanile_projections::people;

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Parameters},
    openapi::{Listed, Paging},
};

/// The people who may enter the workspace, and what they are there; the newest first.
#[utoipa::path(get, path = "/v1/people", params(Paging), responses(Listed<super::shown::PersonShown>))]
pub async fn list(State(api): State<Api>, asker: Asker, given: Parameters) -> Result<Answer, ApiError> {
    listed(&api, asker.caller.workspace, given).await
}

/// A part of a workspace's people.
pub(in crate::api) async fn listed(
    api: &Api,
    workspace: WorkspaceId,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let page = given.page();
    given.finish()?;
    let core = &api.0;
    let (home, key) = (core.people.home().await?, core.people.key().await?);
    let found = people::list(&core.read, home.workspace, workspace, &page).await?;
    let shown = found.rows.iter().map(|row| render::person(&key, row.id, &row.person, workspace));
    Ok(Answer::list(shown.collect::<Result<_, _>>()?, found.next_cursor))
}
