//! `GET /v1/media/{id}`

use axum::extract::State;
use campanile_events::{commands::Loaded, ids::MediaId, media::Media};
use campanile_workers::media::Place;

use super::{MediaStatus, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named},
    openapi::Told,
};

/// One medium, and where it stands.
#[utoipa::path(get, path = "/v1/media/{id}", responses(Told<super::shown::Media>))]
pub async fn get(State(api): State<Api>, asker: Asker, Named(id): Named<MediaId>) -> Result<Answer, ApiError> {
    let media = api.medium(&asker, id).await?.state;
    let key = api.data_key(&asker).await?;
    let status = MediaStatus::of(&api.0, Place { workspace: asker.caller.workspace, id }, &media).await?;
    Ok(Answer::ok(render::media(&key, id, &media, status)?).at_revision(media.revision))
}

impl Api {
    /// A medium of the caller's workspace.
    pub(super) async fn medium(&self, asker: &Asker, id: MediaId) -> Result<Loaded<Media>, ApiError> {
        let loaded = self.0.library.media.load(asker.caller.workspace, id.uuid()).await?;
        loaded.filter(|it| it.state.announced.is_some()).ok_or_else(|| ApiError::not_found("media"))
    }
}
