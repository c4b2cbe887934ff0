//! `GET /v1/platforms`

use axum::extract::State;
use serde_json::json;

use crate::api::{Api, http::Answer, openapi::Listed};

/// All of them, by name.
#[utoipa::path(get, path = "/v1/platforms", responses(Listed<super::shown::Platform>))]
pub async fn list(State(api): State<Api>) -> Answer {
    Answer::list(api.0.platforms.iter().map(|platform| json!(platform.describe())).collect(), None)
}
