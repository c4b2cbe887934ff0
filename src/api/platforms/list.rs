//! `GET /v1/platforms`

use axum::extract::State;
use serde_json::json;

use crate::api::{Api, http::Answer};

/// All of them, by name.
pub async fn list(State(api): State<Api>) -> Answer {
    Answer::list(api.0.platforms.iter().map(|platform| json!(platform.describe())).collect(), None)
}
