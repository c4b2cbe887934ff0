//! `PUT /v1/media/{id}/content`

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::header,
};
use campanile_events::ids::MediaId;
use campanile_workers::media::{GiveError, Incoming, Place, StoreError, Whole};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::{MediaStatus, announcer::Announcer};
use crate::api::{
    Api,
    http::{Answer, ApiError, Code, Named, Parameters, check_encoding},
    openapi::Done,
};

/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(900);

/// Takes the bytes, whole or not at all. The address is all the right that it takes. Bytes that are given again stand for those
/// before; once confirmed they never change. Once the key or the session that it was given to has ended, or may upload no more,
/// the address takes nothing, and what is under way ends.
#[utoipa::path(
    put,
    path = "/v1/media/{id}/content",
    params(super::shown::Signed),
    request_body(content = String, content_type = "application/octet-stream", description = "The bytes."),
    responses(Done),
    extensions(("x-refusals" = json!([
        "unauthorized", "forbidden_scope", "forbidden_role", "invalid_request", "not_found", "conflict", "payload_too_large",
        "unsupported_media_type", "internal", "unavailable"
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
    check_encoding(request.headers())?;
    if core.clock.now() >= upload.expires_at {
        let message = "the upload address has expired: announce the media anew";
        return Err(ApiError::new(Code::Conflict, message).with("state", MediaStatus::Expired.as_str()));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    check_length(announced.unwrap_or(upload.bytes), upload.bytes)?;
    let who = Announcer::of(core, &upload).await?;
    who.still_may(core).await?;
    let place = Place { workspace: who.workspace, id };
    let media = core.library.of(place.workspace, id).await?.ok_or_else(|| ApiError::not_found("media"))?;
    if media.confirmed.is_some() {
        return Err(refused_to_give(GiveError::Confirmed, upload.bytes));
    }
    let incoming = core.library.store.begin(place, upload.bytes).await.map_err(|error| refused(error, upload.bytes))?;
    let late = |_| ApiError::new(Code::InvalidRequest, "the body did not come in time");
    let whole = tokio::select! {
        whole = timeout(WHOLE, take(incoming, request, upload.bytes)) => whole.map_err(late)??,
        refusal = who.ended(core) => return Err(refusal),
    };
    who.still_may(core).await?;
    core.library.give(whole).await.map_err(|error| refused_to_give(error, upload.bytes))?;
    Ok(Answer::nothing())
}

async fn take(mut incoming: Incoming, request: Request, bytes: u64) -> Result<Whole, ApiError> {
    let mut body = request.into_body();
    let broken = || ApiError::new(Code::InvalidRequest, "the body ended early");
    while let Some(frame) = timeout(SILENCE, body.frame()).await.map_err(|_| broken())? {
        let Ok(piece) = frame.map_err(|_| broken())?.into_data() else { continue };
        incoming.write(piece).await.map_err(|error| refused(error, bytes))?;
    }
    incoming.whole().await.map_err(|error| refused(error, bytes))
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
        StoreError::TooLong => ApiError::new(
            Code::PayloadTooLarge,
            format!("the body has more than the {bytes} bytes that were announced"),
        ),
        StoreError::TooShort => {
            ApiError::invalid("bytes", "wrong_length", format!("must have {bytes} bytes, as was announced"))
        }
        StoreError::Absent | StoreError::Folder(_) | StoreError::Store(_) => ApiError::unavailable(error),
    }
}

fn refused_to_give(error: GiveError, bytes: u64) -> ApiError {
    match error {
        GiveError::Confirmed => {
            let message = "the media was confirmed, and its bytes never change: announce another";
            ApiError::new(Code::Conflict, message).with("state", MediaStatus::Ready.as_str())
        }
        GiveError::Load(error) => error.into(),
        GiveError::Store(error) => refused(error, bytes),
    }
}
