//! `GET /v1/connect/{platform}`

use axum::extract::State;

use crate::api::{
    Api,
    http::{Answer, ApiError, Named},
};

/// Says how an account of this platform is connected, where that doesn't begin on the platform's own page.
#[utoipa::path(get, path = "/v1/connect/{platform}", extensions(("x-refusals" = json!(["invalid_request"]))))]
pub async fn begin(State(api): State<Api>, Named(name): Named<String>) -> Result<Answer, ApiError> {
    let platform = api.0.platforms.get(&name).ok_or_else(|| ApiError::not_found("platform"))?;
    let about = platform.describe();
    let fields: Vec<_> = about.connect_fields.iter().map(|field| format!("`{}`", field.name)).collect();
    let message = format!("{} is connected directly: POST /v1/connect/{name} with {}", about.title, fields.join(", "));
    Err(ApiError::invalid("platform", "no_oauth", message))
}
