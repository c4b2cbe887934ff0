//! `GET` and `DELETE /v1/auth/sessions`, and `DELETE /v1/auth/sessions/{id}`

use axum::extract::State;
use campanile_events::{
    ids::SessionId,
    seal::{DataKey, Sealed, fields},
};
use serde_json::{Value, json};

use crate::{
    access::Session,
    api::{
        Api,
        http::{Answer, ApiError, InSession, Named, Parameters, PartOf, instant},
        openapi::{Done, Listed, Paging},
    },
};

/// The sessions of who asks, the newest first: where they are signed in.
#[utoipa::path(get, path = "/v1/auth/sessions", params(Paging), responses(Listed<super::shown::SessionShown>))]
pub async fn list(State(api): State<Api>, person: InSession, mut given: Parameters) -> Result<Answer, ApiError> {
    let page = given.page();
    given.finish()?;
    let core = &api.0;
    let own = &person.signed_in;
    let key = core.people.key().await?;
    let all = core.people.sessions().of(own.id, core.clock.now()).await?;
    let list = PartOf(format!("sessions {}", own.id));
    let (part, next_cursor) = list.of(all, &page, place)?;
    let shown = part.iter().map(|session| shown(&key, session, own.session.id));
    Ok(Answer::list(shown.collect::<Result<_, _>>()?, next_cursor))
}

/// Ends a session of who asks. No request that starts after the answer gets in with its token, on any node.
#[utoipa::path(delete, path = "/v1/auth/sessions/{id}", responses(Done))]
pub async fn end(State(api): State<Api>, person: InSession, Named(id): Named<SessionId>) -> Result<Answer, ApiError> {
    let ended = api.0.people.sessions().end(person.signed_in.id, id).await?;
    if ended { Ok(Answer::nothing()) } else { Err(ApiError::not_found("session")) }
}

/// Ends all sessions of who asks, this one too.
#[utoipa::path(delete, path = "/v1/auth/sessions", responses(Done))]
pub async fn end_all(State(api): State<Api>, person: InSession) -> Result<Answer, ApiError> {
    api.0.people.sessions().end_all(person.signed_in.id, None).await?;
    Ok(Answer::nothing())
}

/// The newest comes first.
fn place(session: &Session) -> Vec<u8> {
    let newest = !session.created_at.timestamp_micros();
    let id = !session.id.uuid().as_u128();
    [&newest.to_be_bytes()[..], &id.to_be_bytes()].concat()
}

fn shown(key: &DataKey, session: &Session, own: SessionId) -> Result<Value, ApiError> {
    let open = |field, text: &Option<Sealed>| {
        let opened = text.as_ref().map(|text| key.open(field, text)).transpose()?;
        Ok::<_, ApiError>(opened.map(|text| text.as_str().to_owned()))
    };
    Ok(json!({
        "id": session.id,
        "current": session.id == own,
        "created_at": instant(session.created_at),
        "last_used_at": instant(session.used_at),
        "expires_at": instant(session.expires_at),
        "address": open(fields::SESSION_ADDRESS, &session.address)?,
        "client": open(fields::SESSION_CLIENT, &session.client)?,
    }))
}
