//! `GET /readyz`

use std::fmt::Write;

use axum::{extract::State, http::StatusCode};
use campanile_projections::runner::ProjectionState;

use crate::{api::Api, engine::Core};

/// One line for each part: its name, `ok` or `failing`, and what a person reads. 503 if any fails.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "Text.", body = String, content_type = "text/plain", example = json!("process: ok running\njournal: ok at 1-104277\n")),
    (status = 503, description = "A part fails.", body = String, content_type = "text/plain")
))]
pub async fn readyz(State(api): State<Api>) -> (StatusCode, String) {
    let mut text = String::new();
    let mut ready = true;
    for (part, ok, words) in parts(&api.0).await {
        let word = if ok { "ok" } else { "failing" };
        ready &= ok;
        writeln!(text, "{part}: {word} {words}").expect("a string takes every text");
    }
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn parts(core: &Core) -> Vec<(String, bool, String)> {
    let mut parts = Vec::new();
    let draining = core.is_draining();
    parts.push(("process".to_owned(), !draining, if draining { "stopping" } else { "running" }.to_owned()));
    parts.push(match core.journal.head().await {
        Ok(head) => ("journal".to_owned(), true, format!("at {}", head.log_position())),
        Err(error) => ("journal".to_owned(), false, error.to_string()),
    });
    match core.runner.status().await {
        Ok(all) => parts.extend(all.into_iter().map(|it| {
            let stopped = matches!(it.state, ProjectionState::Stopped { .. });
            let words = format!("{}, lag {}, {} parked", it.state, it.lag, it.parked);
            (format!("projection {}", it.name), !stopped && it.parked == 0, words)
        })),
        Err(error) => parts.push(("projections".to_owned(), false, error.to_string())),
    }
    let publishing = core.publishing.status().await;
    parts.extend(publishing.into_iter().map(|it| (it.part.to_owned(), it.ok, it.text)));
    parts
}
