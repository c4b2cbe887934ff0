//! The server's routes.

use std::time::Duration;

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    DeleteMood, Mood, media,
    oauth::{self, may},
    server::Shared,
    shown,
};
use crate::support::reset::Resetter;

/// How many statuses a listing shows if nobody says.
const PAGE: usize = 20;
/// The most that it shows.
const MOST: usize = 40;

#[derive(Debug, Deserialize)]
struct NewStatus {
    status: String,
    in_reply_to_id: Option<String>,
    #[serde(default)]
    media_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Listing {
    limit: Option<usize>,
    max_id: Option<u64>,
    since_id: Option<u64>,
    min_id: Option<u64>,
}

pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/api/v2/instance", get(instance))
        .route("/api/v1/instance", get(instance_v1))
        .route("/api/v1/accounts/verify_credentials", get(verify))
        .route("/api/v2/media", post(media::bring))
        .route("/api/v1/media/{id}", get(media::ask))
        .route("/api/v1/statuses", post(publish))
        .route("/api/v1/statuses/{id}", get(show).delete(delete))
        .route("/api/v1/accounts/{id}/statuses", get(list))
        .merge(oauth::routes())
        .with_state(state)
}

async fn instance(State(state): State<Shared>) -> Response<Body> {
    Json(shown::instance(&state.lock())).into_response()
}

async fn instance_v1(State(state): State<Shared>) -> Response<Body> {
    Json(shown::instance_v1(&state.lock())).into_response()
}

async fn verify(State(state): State<Shared>, headers: HeaderMap) -> Response<Body> {
    if let Err(refused) = may(&state.lock(), &headers, "read:accounts") {
        return *refused;
    }
    Json(shown::account(&state.lock())).into_response()
}

async fn publish(
    State(shared): State<Shared>,
    Extension(resetter): Extension<Resetter>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response<Body> {
    if let Err(refused) = may(&shared.lock(), &headers, "write:statuses") {
        return *refused;
    }
    let Some(new) = read(&headers, &body) else {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed: Text can't be blank");
    };
    let Some(media) = media::named(&shared.lock(), &new.media_ids) else {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Media not found or not processed");
    };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let mood = shared.lock().hear(key);
    let take = |stored_after| {
        let mut state = shared.lock();
        let made = state.publish(key, &new.status, media.clone(), new.in_reply_to_id.clone(), stored_after);
        Json(shown::status(&state, &made)).into_response()
    };
    match mood {
        None => take(Duration::ZERO),
        Some(Mood::Unavailable { retry_after }) => {
            let refused = error(StatusCode::SERVICE_UNAVAILABLE, "Remote data could not be fetched");
            with_retry_after(refused, retry_after)
        }
        Some(Mood::TooMany { retry_after }) => {
            with_retry_after(error(StatusCode::TOO_MANY_REQUESTS, "Too many requests"), Some(retry_after))
        }
        Some(Mood::ResetBefore) => resetter.reset().await,
        Some(Mood::ResetAfter) => {
            take(Duration::ZERO);
            resetter.reset().await
        }
        Some(Mood::KeyStoredLate(after)) => {
            take(after);
            resetter.reset().await
        }
        Some(Mood::Hang(pause)) => {
            tokio::time::sleep(pause).await;
            resetter.reset().await
        }
        Some(Mood::HangAfter(pause)) => {
            let answer = take(Duration::ZERO);
            tokio::time::sleep(pause).await;
            answer
        }
        Some(Mood::BadGatewayAfter) => {
            take(Duration::ZERO);
            (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response()
        }
        Some(Mood::Unauthorized) => unauthorized(),
        Some(Mood::Garbage) => {
            take(Duration::ZERO);
            "<html>It works!".into_response()
        }
    }
}

async fn show(State(state): State<Shared>, Path(id): Path<u64>) -> Response<Body> {
    let state = state.lock();
    match state.statuses.iter().find(|status| status.id == id) {
        Some(status) => Json(shown::status(&state, status)).into_response(),
        None => error(StatusCode::NOT_FOUND, "Record not found"),
    }
}

async fn delete(
    State(shared): State<Shared>,
    Extension(resetter): Extension<Resetter>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response<Body> {
    if let Err(refused) = may(&shared.lock(), &headers, "write:statuses") {
        return *refused;
    }
    let mood = {
        let mut state = shared.lock();
        state.deletions.push((id.clone(), crate::support::now()));
        state.delete_moods.pop_front()
    };
    let take_away = || {
        let mut state = shared.lock();
        match state.statuses.iter().position(|status| status.id.to_string() == id) {
            Some(at) => {
                let status = state.statuses.remove(at);
                Json(shown::status(&state, &status)).into_response()
            }
            None => error(StatusCode::NOT_FOUND, "Record not found"),
        }
    };
    match mood {
        None => take_away(),
        Some(DeleteMood::TooMany { retry_after }) => {
            with_retry_after(error(StatusCode::TOO_MANY_REQUESTS, "Too many requests"), Some(retry_after))
        }
        Some(DeleteMood::Status(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            error(status, "This action is outside the authorized scopes")
        }
        Some(DeleteMood::ResetAfter) => {
            take_away();
            resetter.reset().await
        }
    }
}

/// Newest first, with the next page in `Link`; `min_id` asks for the page right after it.
async fn list(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Query(listing): Query<Listing>,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = may(&state.lock(), &headers, "read:statuses") {
        return *refused;
    }
    if id != shown::ACCOUNT {
        return error(StatusCode::NOT_FOUND, "Record not found");
    }
    let mut state = state.lock();
    state.lookups += 1;
    let limit = listing.limit.unwrap_or(PAGE).min(MOST);
    let wanted = |id: u64| {
        listing.max_id.is_none_or(|max| id < max)
            && listing.since_id.is_none_or(|since| id > since)
            && listing.min_id.is_none_or(|min| id > min)
    };
    let mut found: Vec<_> = state.statuses.iter().filter(|status| wanted(status.id)).collect();
    if listing.min_id.is_some() {
        found.truncate(limit);
        found.reverse();
    } else {
        found.reverse();
        found.truncate(limit);
    }
    let shown: Vec<_> = found.iter().map(|status| shown::status(&state, status)).collect();
    let link = found.last().filter(|_| found.len() == limit).map(|last| {
        let path = format!("{}/api/v1/accounts/{id}/statuses", state.address);
        format!("<{path}?limit={limit}&max_id={}>; rel=\"next\"", last.id)
    });
    let mut answer = Json(shown).into_response();
    if let Some(link) = link {
        answer.headers_mut().insert(header::LINK, link.parse().expect("a header"));
    }
    answer
}

/// Mastodon takes forms, too; here only JSON is spoken.
fn read(headers: &HeaderMap, body: &[u8]) -> Option<NewStatus> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.starts_with("application/json") {
        return None;
    }
    serde_json::from_slice::<NewStatus>(body)
        .ok()
        .filter(|new| !new.status.trim().is_empty() || !new.media_ids.is_empty())
}

pub(super) fn unauthorized() -> Response<Body> {
    error(StatusCode::UNAUTHORIZED, "The access token is invalid")
}

pub(super) fn error(status: StatusCode, message: &str) -> Response<Body> {
    (status, Json(json!({"error": message}))).into_response()
}

fn with_retry_after(mut answer: Response<Body>, seconds: Option<u64>) -> Response<Body> {
    if let Some(seconds) = seconds {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}
