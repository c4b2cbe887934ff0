//! `POST /v1/auth/login`

use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::not_signed_in;
use crate::{
    access::{Email, Origin, SignInError},
    api::{
        Api,
        http::{Answer, ApiError, Arrival, Body, OnceKey, instant},
        openapi::Told,
    },
};

const ROUTE: &str = "auth.login";

/// Who signs in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Their e-mail address, in big or small letters.
    #[schema(value_type = String)]
    email: SecretString,
    /// Their password.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Begins a session; its token stands in this answer only, and goes as `Authorization: Bearer st_…`. A session that isn't
/// used ends after 12 hours, and every one after 7 days. Attempts are slowed for the account and for the address that
/// they come from. The same request again with its `Idempotency-Key` is given the same session, for a day and as long as
/// that holds; each person's keys are their own.
#[utoipa::path(
    post, path = "/v1/auth/login",
    request_body = Login,
    responses(Told<super::shown::Begun>),
    extensions(("x-refusals" = json!([
        "invalid_request", "unsupported_media_type", "payload_too_large", "unauthorized", "rate_limited",
        "internal", "unavailable"
    ])))
)]
pub async fn login(
    State(api): State<Api>,
    from: Arrival,
    key: OnceKey,
    Body(login): Body<Login>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let origin = Origin { address: from.address, client: from.client.as_deref() };
    let email = Email::read(login.email.expose_secret());
    let whose = format!("{ROUTE} {}", email.as_ref().map_or("", Email::as_str));
    let once = key.hold(&api, Some(&whose), &[login.password.expose_secret()]).await?;
    let signed_in = match email {
        Ok(email) => core.people.sign_in(&email, login.password, origin, once.key()).await,
        // Nobody has it, and nothing is told by how fast that is said.
        Err(_) => Err(SignInError::Wrong),
    };
    core.metrics.login(match &signed_in {
        Ok(_) => "signed_in",
        Err(SignInError::Wrong) => "refused",
        Err(SignInError::TooOften(_)) => "slowed",
        Err(SignInError::People(_)) => "unavailable",
    });
    let (token, signed_in, before) = signed_in.map_err(|error| not_signed_in(error, core.clock.now()))?;
    let answer = Answer::ok(json!({
        "token": token.expose(),
        "session_id": signed_in.session.id,
        "expires_at": instant(signed_in.session.expires_at),
        "person": { "id": signed_in.id, "email": core.people.email(&signed_in.person).await?.as_str() },
        "workspaces": api.open_to(&signed_in).await?,
    }));
    Ok(if before { answer.replayed(200) } else { answer })
}
