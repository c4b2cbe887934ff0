//! `POST /operator/people/reset`

use axum::{extract::State, http::HeaderMap};
use campanile_events::person::PersonAction;
use chrono::Duration;
use serde_json::json;

use super::named::NamedPerson;
use crate::{
    access::{Link, Purpose, Token, TokenKind},
    api::{
        Api,
        http::{Answer, ApiError, Body, instant},
        operator::AtMachine,
        people::{By, refused},
    },
};

/// How long a link to set another password holds.
const HOLDS: Duration = Duration::hours(24);

/// Makes a link by which a person sets another password; it stands in this answer only, and is good for once.
pub async fn reset(
    State(api): State<Api>,
    operator: AtMachine,
    Body(named): Body<NamedPerson>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let id = api.named_person(&named).await?;
    let (home, token) = (core.people.home().await?, Token::generate(TokenKind::Link));
    let expires_at = core.clock.now() + HOLDS;
    let by = By::operator(home.workspace, operator.metadata());
    let done = by.execute(&api, id, PersonAction::OfferReset { expires_at }).await.map_err(refused)?;
    let link = Link { subject: id.uuid(), workspace: home.workspace };
    core.people.links().keep(&token, Purpose::Reset, link, expires_at).await?;
    let shown = json!({
        "person_id": id,
        "email": core.people.email(&done.state).await?.as_str(),
        "token": token.expose(),
        "url": api.page("reset", &token, &HeaderMap::new()),
        "expires_at": instant(expires_at),
    });
    Ok(api.placed(Answer::created(shown), done.position).await)
}
