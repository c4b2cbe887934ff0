//! `POST /v1/keys/revoke-by-secret`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    journal::{Actor, Metadata},
    key::{KeyAction, KeyCommand},
    seal::Open,
};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::refusal::refused;
use crate::{
    access::Denied,
    api::{
        Api,
        http::{Answer, ApiError, Body, RequestIds, optional_instant},
        openapi::Told,
    },
};

/// A secret that somebody found.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaked {
    /// The whole of it.
    #[serde(deserialize_with = "closed")]
    #[schema(value_type = String)]
    secret: Open,
}

/// Never shown in `Debug`.
fn closed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Open, D::Error> {
    String::deserialize(deserializer).map(Open::new)
}

/// Revokes the key that has this secret, for ever and at once. Whoever holds the secret may: nobody should go on with a
/// key that others know. Its history names the key itself as who did it.
#[utoipa::path(
    post, path = "/v1/keys/revoke-by-secret",
    request_body = Leaked,
    responses(Told<super::shown::DeadKey>),
    extensions(("x-refusals" = json!([
        "invalid_request", "unsupported_media_type", "payload_too_large", "not_found", "internal", "unavailable"
    ])))
)]
pub async fn revoke_by_secret(
    State(api): State<Api>,
    ids: axum::Extension<RequestIds>,
    Body(leaked): Body<Leaked>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let found = match core.access.holder(leaked.secret.as_str()).await {
        Err(Denied::Invalid) => None,
        found => found?,
    };
    let (holder, _) = found.ok_or_else(|| ApiError::not_found("key"))?;
    let metadata = Metadata { request_id: Some(ids.own.to_string()), ..Metadata::by(Actor::of(holder.key_id)) };
    let request = Request {
        workspace: holder.workspace,
        id: holder.key_id.uuid(),
        command: KeyCommand { now: core.clock.now(), action: KeyAction::Revoke },
        metadata,
        receipt: None,
    };
    let revoked = core.keys.execute(request).await.map_err(refused)?;
    api.settled(&revoked).await;
    let key = &revoked.state;
    let shown = json!({
        "id": holder.key_id,
        "prefix": key.prefix,
        "status": key.status(core.clock.now()),
        "revoked_at": optional_instant(key.revoked_at),
    });
    Ok(api.placed(Answer::ok(shown), revoked.position).await)
}
