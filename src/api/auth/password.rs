//! `POST /v1/auth/password`

use axum::extract::State;
use campanile_events::{
    commands::Request,
    ids::SessionId,
    journal::{Receipt, StreamId, StreamKind},
    person::{PersonAction, PersonCommand},
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::not_signed_in;
use crate::{
    access::{Email, Passwords, SignInError},
    api::{
        Api,
        http::{Answer, ApiError, Arrival, Body, Detail, InSession, Once, OnceKey, refused_anyway},
        openapi::Done,
    },
};

const ROUTE: &str = "auth.password";

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
/// to sign in. The same request again with its `Idempotency-Key` is `204`, though the password of before is wrong by then.
#[utoipa::path(
    post, path = "/v1/auth/password",
    request_body = NewPassword,
    responses(Done)
)]
pub async fn password(
    State(api): State<Api>,
    person: InSession,
    from: Arrival,
    key: OnceKey,
    Body(new): Body<NewPassword>,
) -> Result<Answer, ApiError> {
    let wrong = |_| ApiError::invalid("new_password", "length", "must have from 8 to 1024 characters");
    Passwords::check(&new.new_password).map_err(wrong)?;
    let id = person.signed_in.id.to_string();
    let said = [ROUTE, &id, new.current_password.expose_secret(), new.new_password.expose_secret()];
    let once = key.hold(&api, None, &said).await?;
    let but = Some(person.signed_in.session.id);
    if let Some(receipt) = once.before(&api).await? {
        return set_before(&api, &receipt, new.new_password, but).await;
    }
    let changed = change(&api, &person, &from, &new, &once).await;
    if changed.is_err()
        && let Some(receipt) = once.before(&api).await?
    {
        // Another node was faster: the password of before was wrong by then.
        return set_before(&api, &receipt, new.new_password, but).await;
    }
    changed
}

async fn change(
    api: &Api,
    person: &InSession,
    from: &Arrival,
    new: &NewPassword,
    once: &Once,
) -> Result<Answer, ApiError> {
    let (core, own) = (&api.0, &person.signed_in);
    let email = core.people.email(&own.person).await?;
    let email = Email::read(email.as_str()).map_err(ApiError::internal)?;
    let proved = core.people.prove(own.id, &email, new.current_password.clone(), from.address).await;
    proved.map_err(|error| unproved(error, core.clock.now()))?;
    // First on record, then done: a change that nobody can see afterwards would be worse than one that is sent again.
    let command = PersonCommand { now: core.clock.now(), action: PersonAction::ChangePassword };
    let workspace = core.people.home().await?.workspace;
    let receipt = once.receipt(204, StreamId::new(StreamKind::Person, own.id.uuid())).await?;
    let request = Request { workspace, id: own.id.uuid(), command, metadata: person.metadata(), receipt };
    let done = core.people.persons().execute(request).await;
    done.map_err(|error| refused_anyway(error, "person", ApiError::internal))?;
    core.people.set_password(own.id, new.new_password.clone(), Some(own.session.id)).await?;
    Ok(Answer::nothing())
}

/// Who asks is signed in, and stays so: what is wrong is the field.
fn unproved(error: SignInError, now: DateTime<Utc>) -> ApiError {
    let is_wrong = matches!(error, SignInError::Wrong);
    let refused = not_signed_in(error, now);
    if !is_wrong {
        return refused;
    }
    let message = "is not this person's password";
    let details = vec![Detail::new("current_password", "wrong", message)];
    ApiError { message: format!("`current_password`: {message}"), details, ..refused }
}

/// What the same request did before. A crash between its record and the hash is made up for here.
pub(super) async fn set_before(
    api: &Api,
    receipt: &Receipt,
    password: SecretString,
    but: Option<SessionId>,
) -> Result<Answer, ApiError> {
    let people = &api.0.people;
    let id = receipt.receipt.resource.id;
    let then = people.persons().load_at(people.home().await?.workspace, id, receipt.position).await?;
    if let Some(at) = then.and_then(|then| then.state.password_changed_at) {
        people.finish_password(id.into(), password, but, at).await?;
    }
    Ok(Answer::nothing().replayed(receipt.receipt.status))
}
