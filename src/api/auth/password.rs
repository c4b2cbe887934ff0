//! `POST /v1/auth/password`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    person::{PersonAction, PersonCommand},
};
use secrecy::SecretString;
use serde::Deserialize;

use super::not_signed_in;
use crate::{
    access::{Email, Passwords},
    api::{
        Api,
        http::{Answer, ApiError, Arrival, Body, InSession, refused_anyway},
        openapi::Done,
    },
};

/// Another password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The one of now.
    #[schema(value_type = String)]
    current_password: SecretString,
    /// The one from now on: 8 to 1024 characters.
    #[schema(value_type = String, min_length = 8, max_length = 1024)]
    new_password: SecretString,
}

/// Changes the password of who asks, and ends all their other sessions. A wrong `current_password` counts as an attempt
/// to sign in.
#[utoipa::path(
    post, path = "/v1/auth/password",
    request_body = NewPassword,
    responses(Done)
)]
pub async fn password(
    State(api): State<Api>,
    person: InSession,
    from: Arrival,
    Body(new): Body<NewPassword>,
) -> Result<Answer, ApiError> {
    let (core, own) = (&api.0, &person.signed_in);
    let wrong = |_| ApiError::invalid("new_password", "length", "must have from 8 to 1024 characters");
    Passwords::check(&new.new_password).map_err(wrong)?;
    let email = core.people.email(&own.person).await?;
    let email = Email::read(email.as_str()).map_err(ApiError::internal)?;
    let proved = core.people.prove(own.id, &email, new.current_password, from.address).await;
    proved.map_err(|error| not_signed_in(error, core.clock.now()))?;
    // First on record, then done: a change that nobody can see afterwards would be worse than one that is sent again.
    let command = PersonCommand { now: core.clock.now(), action: PersonAction::ChangePassword };
    let workspace = core.people.home().await?.workspace;
    let request = Request { workspace, id: own.id.uuid(), command, metadata: person.metadata(), receipt: None };
    let done = core.people.persons().execute(request).await;
    done.map_err(|error| refused_anyway(error, "person", ApiError::internal))?;
    core.people.set_password(own.id, new.new_password, Some(own.session.id)).await?;
    Ok(Answer::nothing())
}
