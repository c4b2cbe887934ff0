//! `GET /v1/keys/{id}`

use axum::extract::State;
use campanile_events::{
    ids::{KeyId, Version, WorkspaceId},
    journal::{Actor, StreamId, StreamKind},
    key::{Key, KeyStatus},
};
use serde_json::Value;

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named},
    openapi::Told,
};

/// One key, from its aggregate.
#[utoipa::path(get, path = "/v1/keys/{id}", responses(Told<super::shown::Key>))]
pub async fn get(State(api): State<Api>, asker: Asker, Named(id): Named<KeyId>) -> Result<Answer, ApiError> {
    one(&api, asker.caller.workspace, id).await
}

/// A key of a workspace.
pub(in crate::api) async fn one(api: &Api, workspace: WorkspaceId, id: KeyId) -> Result<Answer, ApiError> {
    let loaded = api.0.keys.load(workspace, id.uuid()).await?;
    let key = loaded.ok_or_else(|| ApiError::not_found("key"))?.state;
    // Time ends a key without a word.
    let moved = key.status(api.0.clock.now()) == KeyStatus::Expired;
    Ok(Answer::ok(api.shown_key(workspace, id, &key).await?).at_revision(key.revision).moved(moved))
}

impl Api {
    /// A key as clients see it.
    pub(super) async fn shown_key(&self, workspace: WorkspaceId, id: KeyId, key: &Key) -> Result<Value, ApiError> {
        let data_key = self.0.data_keys.get(workspace.uuid()).await?;
        let used = self.0.access.usage().of(workspace, &[id]).await?;
        let now = self.0.clock.now();
        render::key(&data_key, id, key, &self.maker(workspace, id).await?, used.get(&id).copied(), now)
    }

    pub(super) async fn maker(&self, workspace: WorkspaceId, id: KeyId) -> Result<Actor, ApiError> {
        let stream = StreamId::new(StreamKind::Key, id.uuid());
        let first = self.0.journal.read_stream(workspace, stream, Version(0), 1).await?.into_iter().next();
        Ok(first.ok_or_else(|| ApiError::not_found("key"))?.metadata.actor)
    }
}
