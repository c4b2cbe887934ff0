//! `GET /operator/bundle`

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use crate::api::{Api, http::ApiError};

/// What the engine needs besides its log, sealed with its master key.
pub async fn bundle(State(api): State<Api>) -> Result<Response, ApiError> {
    let bytes = api.0.bundler.seal().await.map_err(ApiError::unavailable)?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
