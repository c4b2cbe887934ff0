//! `GET /v1/openapi.json`

use axum::http::header::{CONTENT_TYPE, HeaderName};

/// This document. It needs no key.
#[utoipa::path(get, path = "/v1/openapi.json", responses(
    (status = 200, description = "The document.", body = serde_json::Value, example = json!({"openapi": "3.1.0"}))
))]
pub async fn get() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "application/json")], super::text())
}
