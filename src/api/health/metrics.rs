//! `GET /metrics`

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::api::{Api, http::ApiError};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures, as Prometheus reads them.
pub async fn metrics(State(api): State<Api>) -> Result<Response, ApiError> {
    let text = api.0.metrics.read(&api.0).await.map_err(ApiError::unavailable)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
