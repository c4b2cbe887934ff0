//! The sandbox's own API.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    response::{Html, IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::Deserialize;

use super::{accept::Ender, page};
use crate::media::LARGEST;
use crate::platforms::sandbox::{AccountClass, Fault, Listing, Sandbox, SandboxJournal, Submission, Upload};

type Shared = State<Arc<Sandbox>>;

/// Who is to be connected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    handle: String,
    delivery: AccountClass,
}

pub(super) fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/api/posts", post(publish).get(list))
        .route("/api/posts/{id}", delete(remove))
        .route("/api/media", post(upload).layer(DefaultBodyLimit::max(LARGEST as usize)))
        .route("/api/accounts/verify", post(verify))
        .route("/journal", get(journal))
        .route("/faults", post(add_fault).delete(clear_faults))
        .with_state(sandbox)
}

async fn publish(
    State(sandbox): Shared,
    Extension(ender): Extension<Ender>,
    headers: HeaderMap,
    Json(mut submission): Json<Submission>,
) -> Response {
    submission.marker = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let handling = sandbox.receive(bearer(&headers), &submission);
    ender.conclude(handling).await
}

/// What is said of a medium besides its bytes and type.
#[derive(Debug, Deserialize)]
struct Said {
    alt_text: Option<String>,
}

async fn upload(
    State(sandbox): Shared,
    Extension(ender): Extension<Ender>,
    headers: HeaderMap,
    Query(said): Query<Said>,
    body: Bytes,
) -> Response {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let upload = Upload { content_type, bytes: body.len(), alt_text: said.alt_text };
    ender.conclude(sandbox.upload(bearer(&headers), upload)).await
}

async fn list(
    State(sandbox): Shared,
    Extension(ender): Extension<Ender>,
    headers: HeaderMap,
    Query(listing): Query<Listing>,
) -> Response {
    let handling = sandbox.list(bearer(&headers), &listing);
    ender.conclude(handling).await
}

async fn remove(
    State(sandbox): Shared,
    Extension(ender): Extension<Ender>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    ender.conclude(sandbox.remove(bearer(&headers), &id)).await
}

async fn verify(State(sandbox): Shared, Extension(ender): Extension<Ender>, Json(who): Json<Verify>) -> Response {
    let handling = sandbox.verify(&who.handle, who.delivery);
    ender.conclude(handling).await
}

async fn journal(State(sandbox): Shared) -> Json<SandboxJournal> {
    Json(sandbox.journal())
}

async fn add_fault(
    State(sandbox): Shared,
    fault: Result<Json<Fault>, axum::extract::rejection::JsonRejection>,
) -> Response {
    match fault {
        Ok(Json(fault)) => {
            sandbox.add_fault(fault);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

async fn clear_faults(State(sandbox): Shared) -> StatusCode {
    sandbox.clear_faults();
    StatusCode::NO_CONTENT
}

async fn index(State(sandbox): Shared) -> Html<String> {
    Html(page::render(&sandbox.journal()))
}

fn bearer(headers: &HeaderMap) -> &str {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.strip_prefix("Bearer ").unwrap_or_default()
}
