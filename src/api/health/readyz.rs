//! `GET /readyz`

use std::fmt::Write;

use axum::{extract::State, http::StatusCode};

use super::parts::parts;
use crate::api::Api;

/// One line for each part: its name, `ok` or `failing`, and what a person reads. 503 if any fails.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "Text.", body = String, content_type = "text/plain", example = json!("process: ok running as api,worker\njournal: ok at 1-104277\n")),
    (status = 503, description = "A part fails.", body = String, content_type = "text/plain")
))]
pub async fn readyz(State(api): State<Api>) -> (StatusCode, String) {
    let mut text = String::new();
    let mut ready = true;
    for part in parts(&api.0).await {
        let word = if part.ok { "ok" } else { "failing" };
        ready &= part.ok;
        writeln!(text, "{}: {word} {}", part.name, part.words).expect("a string takes every text");
    }
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}
