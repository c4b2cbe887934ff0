//! `GET /v1/me`

use axum::{Extension, extract::State};
use campanile_events::{ids::WorkspaceId, key::Scopes, seal::fields};
use serde_json::{Value, json};

use crate::{
    access::{Caller, NoPlace, SignedIn, Who},
    api::{
        Api,
        http::{Answer, ApiError, instant, optional_instant},
        openapi::Told,
    },
};

/// The key or the person who asks, the workspace that is open to them, and what they may do there. A person who may enter
/// several and names none is told which.
#[utoipa::path(get, path = "/v1/me", responses(Told<super::shown::Me>))]
pub async fn get(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    person: Option<Extension<SignedIn>>,
    unplaced: Option<Extension<NoPlace>>,
) -> Result<Answer, ApiError> {
    match (caller.map(|it| it.0), person) {
        (Some(Caller { who: Who::Key { id, key }, workspace, .. }), _) => {
            let data_key = api.0.data_keys.get(workspace.uuid()).await?;
            Ok(Answer::ok(json!({
                "type": "key",
                "key": {
                    "id": id,
                    "name": data_key.open(fields::KEY_NAME, &key.name)?.as_str(),
                    "prefix": key.prefix,
                    "mode": key.mode,
                    "expires_at": optional_instant(key.expires_at),
                },
                "workspace_id": workspace,
                "paused_at": paused_at(&api, workspace).await?,
                "plan": api.plan_of(workspace).await?,
                "scopes": key.scopes,
            })))
        }
        (Some(Caller { who: Who::Person(person, role), workspace, grant }), _) => {
            let mut shown = of_person(&api, &person).await?;
            shown["workspace_id"] = json!(workspace);
            shown["role"] = json!(role);
            shown["paused_at"] = paused_at(&api, workspace).await?;
            shown["plan"] = api.plan_of(workspace).await?;
            shown["scopes"] = json!(grant.scopes);
            Ok(Answer::ok(shown))
        }
        (None, Some(Extension(person))) if unplaced.is_some() => Ok(Answer::ok(of_person(&api, &person).await?)),
        // The guard lets nobody else in.
        (None, _) => Err(ApiError::internal("a request without anybody")),
    }
}

async fn of_person(api: &Api, person: &SignedIn) -> Result<Value, ApiError> {
    Ok(json!({
        "type": "person",
        "person": { "id": person.id, "email": api.0.people.email(&person.person).await?.as_str() },
        "session": { "id": person.session.id, "expires_at": instant(person.session.expires_at) },
        "workspace_id": null,
        "role": null,
        "paused_at": null,
        "plan": null,
        "scopes": Scopes::default(),
        "workspaces": api.open_to(person).await?,
    }))
}

async fn paused_at(api: &Api, workspace: WorkspaceId) -> Result<Value, ApiError> {
    let loaded = api.0.workspaces.load(workspace, workspace.uuid()).await?;
    Ok(optional_instant(loaded.and_then(|it| it.state.paused_at)).into())
}
