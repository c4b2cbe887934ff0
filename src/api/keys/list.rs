//! `GET /v1/keys`

use axum::extract::State;
use campanile_events::{
    ids::WorkspaceId,
    key::{Key, KeyStatus},
    seal::fields,
};
use campanile_projections::keys::{self, KeyFilter};

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Parameters},
    openapi::{Listed, Paging},
};

/// The workspace's keys, newest first, revoked ones too unless a status is named.
#[utoipa::path(
    get, path = "/v1/keys",
    params(Paging, super::shown::KeyFilters),
    responses(Listed<super::shown::Key>)
)]
pub async fn list(State(api): State<Api>, asker: Asker, given: Parameters) -> Result<Answer, ApiError> {
    listed(&api, asker.caller.workspace, given).await
}

/// A part of a workspace's keys.
pub(in crate::api) async fn listed(
    api: &Api,
    workspace: WorkspaceId,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let page = given.page();
    let status = given.read_as("status", status);
    let part = given.text("name").map(|part| part.to_lowercase());
    given.finish()?;
    let (data_key, now) = (api.0.data_keys.get(workspace.uuid()).await?, api.0.clock.now());
    // Names are sealed: only who can open them can look into them.
    let has_name = |key: &Key| {
        part.as_ref().is_none_or(|part| {
            data_key.open(fields::KEY_NAME, &key.name).is_ok_and(|name| name.as_str().to_lowercase().contains(part))
        })
    };
    let filter =
        KeyFilter { status: status.map(|status| (status, now)), matches: part.as_ref().map(|_| &has_name as _) };
    let found = keys::list(&api.0.read, workspace, &filter, &page).await?;
    let ids: Vec<_> = found.rows.iter().map(|row| row.id).collect();
    let used = api.0.access.usage().of(workspace, &ids).await?;
    let shown =
        |row: &keys::KeyRow| render::key(&data_key, row.id, &row.key, &row.created_by, used.get(&row.id).copied(), now);
    Ok(Answer::list(found.rows.iter().map(shown).collect::<Result<_, _>>()?, found.next_cursor))
}

fn status(text: &str) -> Result<KeyStatus, &'static str> {
    let all = [KeyStatus::Active, KeyStatus::Expired, KeyStatus::Revoked];
    let named = all.into_iter().find(|status| status.as_str() == text);
    named.ok_or("must be `active`, `expired` or `revoked`")
}
