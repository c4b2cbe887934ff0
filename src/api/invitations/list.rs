//! `GET /v1/invitations`

use axum::extract::State;
use campanile_projections::invitations;

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Parameters},
    openapi::{Listed, Paging},
};

/// The workspace's invitations, the newest first, those that are over too.
#[utoipa::path(get, path = "/v1/invitations", params(Paging), responses(Listed<super::shown::InvitationShown>))]
pub async fn list(State(api): State<Api>, asker: Asker, mut given: Parameters) -> Result<Answer, ApiError> {
    let page = given.page();
    given.finish()?;
    let (key, now) = (api.data_key(&asker).await?, api.0.clock.now());
    let found = invitations::list(&api.0.read, asker.caller.workspace, &page).await?;
    let shown = found.rows.iter().map(|row| render::invitation(&key, row.id, &row.invitation, &row.created_by, now));
    Ok(Answer::list(shown.collect::<Result<_, _>>()?, found.next_cursor))
}
