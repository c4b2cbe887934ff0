//! `POST /v1/auth/login`

use axum::extract::State;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::not_signed_in;
use crate::{
    access::{Email, Origin, SignInError},
    api::{
        Api,
        http::{Answer, ApiError, Arrival, Body, instant},
        openapi::Told,
    },
};

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
/// they come from.
#[utoipa::path(
    post, path = "/v1/auth/login",
    request_body = Login,
    responses(Told<super::shown::Begun>),
    extensions(("x-refusals" = json!([
        "invalid_request", "unsupported_media_type", "payload_too_large", "unauthorized", "rate_limited", "internal",
        "unavailable"
    ])))
)]
pub async fn login(State(api): State<Api>, from: Arrival, Body(login): Body<Login>) -> Result<Answer, ApiError> {
    let core = &api.0;
    let origin = Origin { address: from.address, client: from.client.as_deref() };
    let signed_in = match Email::read(secrecy::ExposeSecret::expose_secret(&login.email)) {
        Ok(email) => core.people.sign_in(&email, login.password, origin).await,
        // Nobody has it, and nothing is told by how fast that is said.
        Err(_) => Err(SignInError::Wrong),
    };
    core.metrics.login(match &signed_in {
        Ok(_) => "signed_in",
        Err(SignInError::Wrong) => "refused",
        Err(SignInError::TooOften(_)) => "slowed",
        Err(SignInError::People(_)) => "unavailable",
    });
    let (token, signed_in) = signed_in.map_err(|error| not_signed_in(error, core.clock.now()))?;
    Ok(Answer::ok(json!({
        "token": token.expose(),
        "session_id": signed_in.session.id,
        "expires_at": instant(signed_in.session.expires_at),
        "person": { "id": signed_in.id, "email": core.people.email(&signed_in.person).await?.as_str() },
        "workspaces": api.open_to(&signed_in).await?,
    })))
}
