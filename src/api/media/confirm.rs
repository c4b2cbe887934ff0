//! `POST /v1/media/{id}/confirm`

use axum::extract::State;
use campanile_events::{
    commands::CommandError,
    ids::MediaId,
    media::{Content, MediaAction, MediaCommand, MediaError},
};
use campanile_workers::media::{InspectError, Library, Place, StoreError, inspect};

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Code, Named, Nothing, OptionalBody, refused_anyway},
    openapi::Told,
};

/// Looks at the bytes: they must be what was announced, whatever they are called. Done twice, it answers the same. A day after
/// the address has expired it is too late, and the bytes are taken away.
#[utoipa::path(
    post,
    path = "/v1/media/{id}/confirm",
    request_body = Option<Nothing>,
    responses(Told<super::shown::Media>),
    extensions(("x-refusals" = json!(["conflict"])))
)]
pub async fn confirm(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<MediaId>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let loaded = api.medium(&asker, id).await?;
    let media = loaded.state;
    let key = api.data_key(&asker).await?;
    if media.confirmed.is_some() {
        let answer = Answer::ok(render::media(&key, id, &media)?).at_revision(media.revision);
        return Ok(api.placed(answer, loaded.position).await);
    }
    let announced = media.announced.as_ref().ok_or_else(|| ApiError::not_found("media"))?;
    if core.clock.now() >= Library::forgotten_at(announced) {
        let message = "it was not confirmed in time, and its bytes are gone: announce it anew";
        return Err(ApiError::new(Code::Conflict, message).with("state", "expired"));
    }
    let bytes = core.library.store.stream(Place { workspace: asker.caller.workspace, id }).await;
    let bytes = bytes.map_err(|error| match error {
        StoreError::Absent => {
            ApiError::new(Code::Conflict, "the bytes were not given yet: `PUT` them to the upload URL")
                .with("state", "awaiting_upload")
        }
        error => ApiError::unavailable(error),
    })?;
    let found = inspect(bytes).await.map_err(unfit)?;
    let digest = Library::digest(&key, &found);
    let content = Content { kind: found.kind, bytes: found.bytes, digest, size: found.size };
    let command = MediaCommand { now: core.clock.now(), action: MediaAction::Confirm(content) };
    let done = asker.execute(&core.library.media, id.uuid(), command).await.map_err(refused)?;
    let answer = Answer::ok(render::media(&key, id, &done.state)?).at_revision(done.state.revision);
    Ok(api.placed(answer, done.position).await)
}

fn unfit(error: InspectError) -> ApiError {
    match error {
        InspectError::Unknown => ApiError::invalid("content_type", "unknown_content", error.to_string()),
        InspectError::Broken(_) => ApiError::invalid("content_type", "broken_content", error.to_string()),
        InspectError::TooLarge => ApiError::invalid("content_type", "too_large", error.to_string()),
        InspectError::Store(error) => ApiError::unavailable(error),
    }
}

/// What a medium's refusal means to its client.
pub(super) fn refused(error: CommandError<MediaError>) -> ApiError {
    refused_anyway(error, "media", |error| match error {
        MediaError::NotFound => ApiError::not_found("media"),
        MediaError::OtherKind { .. } => ApiError::invalid("content_type", "mismatch", error.to_string()),
        MediaError::OtherLength { .. } => ApiError::invalid("bytes", "mismatch", error.to_string()),
        MediaError::Exists | MediaError::Changed => ApiError::internal(error),
    })
}
