//! `GET /v1/keys`

use axum::extract::State;
use campanile_projections::keys;

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Parameters},
    openapi::{Listed, Paging},
};

/// The workspace's keys, newest first, revoked ones too.
#[utoipa::path(get, path = "/v1/keys", params(Paging), responses(Listed<super::shown::Key>))]
pub async fn list(State(api): State<Api>, asker: Asker, mut given: Parameters) -> Result<Answer, ApiError> {
    let page = given.page()?;
    given.finish()?;
    let found = keys::list(api.0.read.as_ref(), asker.caller.workspace, &page).await?;
    let ids: Vec<_> = found.rows.iter().map(|row| row.id).collect();
    let used = api.0.access.usage().of(&ids).await?;
    let (data_key, now) = (api.data_key(&asker).await?, api.0.clock.now());
    let shown =
        |row: &keys::KeyRow| render::key(&data_key, row.id, &row.key, &row.created_by, used.get(&row.id).copied(), now);
    Ok(Answer::list(found.rows.iter().map(shown).collect::<Result<_, _>>()?, found.next_cursor))
}
