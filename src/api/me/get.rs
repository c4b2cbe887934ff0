//! `GET /v1/me`

use axum::extract::State;
use campanile_events::seal::fields;
use serde_json::json;

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, optional_instant},
    openapi::Told,
};

/// The key that asks, its workspace, and what it may do.
#[utoipa::path(get, path = "/v1/me", responses(Told<super::shown::Me>))]
pub async fn get(State(api): State<Api>, asker: Asker) -> Result<Answer, ApiError> {
    let caller = &asker.caller;
    let data_key = api.data_key(&asker).await?;
    let workspace = api.0.workspaces.load(caller.workspace, caller.workspace.uuid()).await?;
    let paused_at = workspace.and_then(|it| it.state.paused_at);
    Ok(Answer::ok(json!({
        "type": "key",
        "key": {
            "id": caller.key_id,
            "name": data_key.open(fields::KEY_NAME, &caller.key.name)?.as_str(),
            "prefix": caller.key.prefix,
            "mode": caller.key.mode,
            "expires_at": optional_instant(caller.key.expires_at),
        },
        "workspace_id": caller.workspace,
        "paused_at": optional_instant(paused_at),
        "scopes": caller.scopes(),
    })))
}
