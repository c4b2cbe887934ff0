//! `POST /v1/auth/reset`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    ids::PersonId,
    journal::{Actor, StreamId, StreamKind},
    person::{PersonAction, PersonCommand},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::password::set_before;
use crate::{
    access::{Passwords, Purpose},
    api::{
        Api,
        http::{Answer, ApiError, Arrival, Body, Once, OnceKey, refused_anyway},
        openapi::Done,
    },
};

const ROUTE: &str = "auth.reset";

/// Another password, for who forgot theirs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// What stands behind the `#` of the link that `campanile people reset` printed.
    #[schema(value_type = String)]
    token: SecretString,
    /// The password from now on: 8 to 1024 characters.
    #[schema(value_type = String, min_length = 8, max_length = 1024)]
    password: SecretString,
}

/// Sets a password by a link, which is good for once, and ends all sessions of that person. The same request again with
/// its `Idempotency-Key` is `204`, though the link is used up by then.
#[utoipa::path(
    post, path = "/v1/auth/reset",
    request_body = Reset,
    responses(Done),
    extensions(("x-refusals" = json!([
        "invalid_request", "unsupported_media_type", "payload_too_large", "not_found", "internal", "unavailable"
    ])))
)]
pub async fn reset(
    State(api): State<Api>,
    from: Arrival,
    key: OnceKey,
    Body(reset): Body<Reset>,
) -> Result<Answer, ApiError> {
    Passwords::check(&reset.password)?;
    let token = reset.token.expose_secret();
    let whose = format!("{ROUTE} {token}");
    let once = key.hold(&api, Some(&whose), &[token, reset.password.expose_secret()]).await?;
    if let Some(receipt) = once.before(&api).await? {
        return set_before(&api, &receipt, reset.password, None).await;
    }
    let done = set(&api, &from, &reset, &once).await;
    if done.is_err()
        && let Some(receipt) = once.before(&api).await?
    {
        // Another node was faster: the link is used up by this very request.
        return set_before(&api, &receipt, reset.password, None).await;
    }
    done
}

async fn set(api: &Api, from: &Arrival, reset: &Reset, once: &Once) -> Result<Answer, ApiError> {
    let core = &api.0;
    let (token, now) = (reset.token.expose_secret(), core.clock.now());
    let unknown = || ApiError::not_found("link: it was replaced or used, or its time is over");
    let link = core.people.links().find(token, Purpose::Reset, now).await?.ok_or_else(unknown)?;
    let id = PersonId::from(link.subject);
    let receipt = once.receipt(204, StreamId::new(StreamKind::Person, id.uuid())).await?;
    if !core.people.links().take(token, Purpose::Reset, now).await? {
        return Err(unknown());
    }
    let command = PersonCommand { now, action: PersonAction::ChangePassword };
    let metadata = from.metadata(Actor::of(id));
    let request = Request { workspace: link.workspace, id: id.uuid(), command, metadata, receipt };
    let done = core.people.persons().execute(request).await;
    done.map_err(|error| refused_anyway(error, "person", |_| ApiError::not_found("person")))?;
    core.people.set_password(id, reset.password.clone(), None).await?;
    Ok(Answer::nothing())
}
