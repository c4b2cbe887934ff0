//! `GET /operator/log/events`

use axum::extract::State;
use campanile_events::ids::Position;
use serde_json::json;

use crate::{
    api::{
        Api,
        http::{Answer, ApiError, Code, Parameters},
    },
    engine::log::LogEvent,
};

const MOST: usize = 1_000;

/// Events after a position, in order.
pub async fn events(State(api): State<Api>, mut given: Parameters) -> Result<Answer, ApiError> {
    let after = Position(given.read("after").unwrap_or(0));
    let limit = given.read("limit").unwrap_or(MOST).min(MOST);
    given.finish()?;
    // An operator is told what is wrong, in full.
    let events = api.0.journal.everywhere().read(after, limit).await;
    let events = events.map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
    Ok(Answer::list(events.iter().map(|event| json!(LogEvent::of(event))).collect(), None))
}
