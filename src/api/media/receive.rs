//! `PUT /v1/media/{id}/content`

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::header,
};
use campanile_events::{commands::load, ids::MediaId, media::Media};
use campanile_workers::media::{Incoming, Place, StoreError};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::api::{
    Api,
    http::{Answer, ApiError, Code, Named, Parameters},
    openapi::Done,
};

/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(900);

/// Takes the bytes, whole or not at all. The address is all the right that it takes.
#[utoipa::path(
    put,
    path = "/v1/media/{id}/content",
    params(super::shown::Signed),
    request_body(content = String, content_type = "application/octet-stream", description = "The bytes."),
    responses(Done),
    extensions(("x-refusals" = json!([
        "invalid_request", "not_found", "conflict", "payload_too_large", "internal", "unavailable"
    ])))
)]
pub async fn receive(
    State(api): State<Api>,
    Named(id): Named<MediaId>,
    given: Parameters,
    request: Request,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let upload = core.upload_links.read(id, given)?;
    let gone = |message: &str, state: &str| ApiError::new(Code::Conflict, message).with("state", state);
    if core.clock.now() >= upload.expires_at {
        return Err(gone("the upload address has expired: ask for another", "expired"));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    check_length(announced.unwrap_or(upload.bytes), upload.bytes)?;
    let media = load::<Media>(core.journal.as_ref(), id.uuid(), None).await?;
    let workspace = media.workspace.ok_or_else(|| ApiError::not_found("media"))?;
    let place = Place { workspace, id };
    let incoming = core.library.store.begin(place, upload.bytes).await.map_err(|error| refused(error, upload.bytes))?;
    let late = |_| ApiError::new(Code::InvalidRequest, "the body did not come in time");
    timeout(WHOLE, take(incoming, request, upload.bytes)).await.map_err(late)??;
    Ok(Answer::nothing())
}

async fn take(mut incoming: Incoming, request: Request, bytes: u64) -> Result<(), ApiError> {
    let mut body = request.into_body();
    let broken = || ApiError::new(Code::InvalidRequest, "the body ended early");
    while let Some(frame) = timeout(SILENCE, body.frame()).await.map_err(|_| broken())? {
        let Ok(piece) = frame.map_err(|_| broken())?.into_data() else { continue };
        incoming.write(piece).await.map_err(|error| refused(error, bytes))?;
    }
    incoming.finish().await.map_err(|error| refused(error, bytes))
}

fn check_length(actual: u64, bytes: u64) -> Result<(), ApiError> {
    match actual.cmp(&bytes) {
        std::cmp::Ordering::Less => Err(refused(StoreError::TooShort, bytes)),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(refused(StoreError::TooLong, bytes)),
    }
}

fn refused(error: StoreError, bytes: u64) -> ApiError {
    match error {
        StoreError::Exists => ApiError::new(Code::Conflict, "the bytes were given already").with("state", "uploaded"),
        StoreError::TooLong => ApiError::new(Code::PayloadTooLarge, format!("the body has more than {bytes} bytes")),
        StoreError::TooShort => {
            ApiError::invalid("bytes", "wrong_length", format!("must have {bytes} bytes, as was announced"))
        }
        StoreError::Absent | StoreError::Folder(_) | StoreError::Store(_) => ApiError::unavailable(error),
    }
}
