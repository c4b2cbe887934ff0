//! `POST /operator/projections/{name}/rebuild`

use axum::extract::State;
use campanile_projections::runner::RunnerError;
use serde_json::json;

use crate::api::{
    Api,
    http::{Answer, ApiError, Code, Named},
};

/// Begins to build a read model anew beside its live tables, which stay readable until the new ones take their place.
pub async fn rebuild(State(api): State<Api>, Named(name): Named<String>) -> Result<Answer, ApiError> {
    api.0.runner.rebuild(&name).await.map_err(|error| match error {
        RunnerError::Unknown { .. } => ApiError::new(Code::NotFound, error.to_string()),
        error => ApiError::unavailable(error),
    })?;
    Ok(Answer::ok(json!({ "name": name })))
}
