//! `GET /operator/keys`

use axum::extract::State;
use campanile_projections::keys;

use crate::api::{
    Api,
    http::{Answer, ApiError, Parameters},
    keys::render,
};

/// A workspace's keys, newest first, revoked ones too.
pub async fn list(State(api): State<Api>, mut given: Parameters) -> Result<Answer, ApiError> {
    let core = &api.0;
    let workspace = api.workspace(&mut given).await?;
    let page = given.page()?;
    given.finish()?;
    let found = keys::list(core.read.as_ref(), workspace, &page).await?;
    let ids: Vec<_> = found.rows.iter().map(|row| row.id).collect();
    let used = core.access.usage().of(&ids).await?;
    let (data_key, now) = (core.data_keys.get(workspace.uuid()).await?, core.clock.now());
    let shown =
        |row: &keys::KeyRow| render::key(&data_key, row.id, &row.key, &row.created_by, used.get(&row.id).copied(), now);
    Ok(Answer::list(found.rows.iter().map(shown).collect::<Result<_, _>>()?, found.next_cursor))
}
