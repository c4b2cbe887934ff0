//! `POST /v1/media/{id}/confirm`

use axum::extract::State;
use campanile_events::{
    commands::{CommandError, Loaded},
    ids::MediaId,
    media::{Media, MediaAction, MediaCommand, MediaError, MediaRequested},
    seal::DataKey,
};
use campanile_workers::media::{InspectError, Library, LookError, Place, StoreError};
use chrono::{DateTime, Utc};

use super::{MediaStatus, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Code, Named, Nothing, OptionalBody, refused_anyway},
    openapi::Told,
};

/// Looks at the bytes: they must be what was announced, whatever they are called. Refused bytes can be replaced at the same address
/// while it is good, and confirmed then. Done twice, it answers the same. A day after the address has expired it is too late, and
/// the bytes are taken away.
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
    let key = api.data_key(&asker).await?;
    // What is looked at is what the log then names: nothing is given here in between.
    let turn = core.library.turn(id).await;
    let place = Place { workspace: asker.caller.workspace, id };
    let loaded = api.medium(&asker, id).await?;
    if loaded.state.confirmed.is_some() {
        drop(turn);
        return confirmed(&api, &key, id, &loaded).await;
    }
    let announced = loaded.state.announced.as_ref().ok_or_else(|| ApiError::not_found("media"))?;
    let now = core.clock.now();
    if now >= Library::forgotten_at(announced) {
        return Err(absent(MediaStatus::Expired));
    }
    let looked = match core.library.look(&turn, &key, place).await {
        Ok(looked) => looked,
        Err(LookError::Store(StoreError::Absent)) => {
            // Another node may have been faster.
            let loaded = api.medium(&asker, id).await?;
            if loaded.state.confirmed.is_some() {
                drop(turn);
                return confirmed(&api, &key, id, &loaded).await;
            }
            return Err(absent(MediaStatus::of(core, place, &loaded.state).await?));
        }
        Err(error) => return Err(unfit(error, announced, now)),
    };
    let command = MediaCommand { now, action: MediaAction::Confirm(looked.content.clone()) };
    let done = match asker.execute(&core.library.media, id.uuid(), command).await {
        Ok(done) => done,
        Err(error) => {
            if matches!(error, CommandError::Refused(_)) {
                looked.refused(&core.library).await.map_err(ApiError::unavailable)?;
            }
            return Err(try_again(refused(error), announced, now));
        }
    };
    if let Err(error) = looked.confirmed(&core.library).await {
        // The hourly look takes it away.
        tracing::warn!(media.id = %id, %error, "what was given was not taken away");
    }
    drop(turn);
    let answer = Answer::ok(render::media(&key, id, &done.state, MediaStatus::Ready)?).at_revision(done.state.revision);
    Ok(api.placed(answer, done.position).await)
}

async fn confirmed(api: &Api, key: &DataKey, id: MediaId, loaded: &Loaded<Media>) -> Result<Answer, ApiError> {
    let media = &loaded.state;
    let answer = Answer::ok(render::media(key, id, media, MediaStatus::Ready)?).at_revision(media.revision);
    Ok(api.placed(answer, loaded.position).await)
}

/// There is nothing to look at.
fn absent(status: MediaStatus) -> ApiError {
    let message = match status {
        MediaStatus::AwaitingUpload => "the bytes were not given yet: `PUT` them to the upload URL",
        MediaStatus::Uploaded | MediaStatus::Ready => "other bytes were given meanwhile: confirm again",
        MediaStatus::Expired => "it was not given and confirmed in time: announce it anew",
    };
    ApiError::new(Code::Conflict, message).with("state", status.as_str())
}

fn unfit(error: LookError, announced: &MediaRequested, now: DateTime<Utc>) -> ApiError {
    let code = match &error {
        LookError::Unfit(InspectError::Unknown) => "unknown_content",
        LookError::Unfit(InspectError::Broken(_)) => "broken_content",
        LookError::Unfit(InspectError::TooLarge) => "too_large",
        LookError::Unfit(InspectError::Store(_)) | LookError::Store(_) => return ApiError::unavailable(error),
    };
    try_again(ApiError::invalid("content_type", code, error.to_string()), announced, now)
}

/// A refusal of the bytes says how to go on.
fn try_again(mut error: ApiError, announced: &MediaRequested, now: DateTime<Utc>) -> ApiError {
    if error.code == Code::InvalidRequest {
        let way = if now < announced.expires_at {
            "`PUT` other bytes to the upload URL and confirm again, or announce the media anew"
        } else {
            "its upload URL has expired: announce the media anew"
        };
        error.message = format!("{}; {way}", error.message);
    }
    error
}

/// What a medium's refusal means to its client.
pub(super) fn refused(error: CommandError<MediaError>) -> ApiError {
    refused_anyway(error, "media", |error| match error {
        MediaError::NotFound => ApiError::not_found("media"),
        MediaError::OtherKind { .. } => ApiError::invalid("content_type", "mismatch", error.to_string()),
        MediaError::OtherLength { .. } => ApiError::invalid("bytes", "mismatch", error.to_string()),
        // Another node confirmed other bytes meanwhile.
        MediaError::Changed => {
            let message = "it was confirmed with other bytes meanwhile: what it is now, `GET` shows";
            ApiError::new(Code::Conflict, message).with("state", MediaStatus::Ready.as_str())
        }
        MediaError::Exists => ApiError::internal(error),
    })
}
