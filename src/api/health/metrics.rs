//! `GET /metrics`

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::api::{Api, http::ApiError};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, description = "Text.", body = String, content_type = "application/openmetrics-text", example = json!("campanile_log_position 104277\n# EOF\n"))
))]
pub async fn metrics(State(api): State<Api>) -> Result<Response, ApiError> {
    let text = api.0.metrics.read(&api.0).await.map_err(ApiError::unavailable)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
