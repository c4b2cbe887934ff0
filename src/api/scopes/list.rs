//! `GET /v1/scopes`

use campanile_events::key::Scope;
use serde_json::json;

use crate::api::{http::Answer, openapi::Listed};

/// Every scope there is.
#[utoipa::path(get, path = "/v1/scopes", responses(Listed<super::shown::ScopeShown>))]
pub async fn list() -> Answer {
    let scope = |scope: &Scope| json!({ "name": scope.as_str(), "description": scope.description() });
    Answer::list(Scope::ALL.iter().map(scope).collect(), None)
}
