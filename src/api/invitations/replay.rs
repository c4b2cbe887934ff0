//! An invitation as it was answered, with the link that only such an answer shows.

use axum::http::HeaderMap;
use campanile_events::{
    ids::InvitationId,
    journal::Receipt,
    seal::{Sealed, fields},
};
use chrono::Duration;

use super::render;
use crate::{
    access::{Token, TokenKind},
    api::{
        Api,
        http::{Answer, ApiError, Asker, mismatch},
    },
};

/// How long a link may be asked for again by who made it.
const SHOWN_FOR: Duration = Duration::hours(24);

/// The invitation at the receipt's position. Its link is for the person who made it: another's request is another request.
pub async fn replayed(api: &Api, asker: &Asker, headers: &HeaderMap, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = InvitationId::from(receipt.receipt.resource.id);
    let then = api.0.people.invitations().load_at(asker.caller.workspace, id.uuid(), receipt.position).await?;
    let invitation = then.ok_or_else(|| ApiError::not_found("invitation"))?.state;
    let stream = receipt.receipt.resource;
    let first = api.0.journal.read_stream(asker.caller.workspace, stream, campanile_events::ids::Version(0), 1).await?;
    let maker = first.first().map(|event| event.metadata.actor.clone());
    if maker.as_ref() != Some(&asker.caller.actor()) {
        return Err(mismatch());
    }
    let key = api.data_key(asker).await?;
    let mut shown = render::invitation(&key, id, &invitation, &asker.caller.actor(), receipt.recorded_at)?;
    let fresh = api.0.clock.now() - receipt.recorded_at < SHOWN_FOR;
    let sealed = receipt.receipt.sealed.as_ref().filter(|_| fresh);
    let opened = sealed.map(|sealed| key.open(fields::RECEIPT_SECRET, &Sealed::from_stored(sealed.as_str())));
    let token = opened.transpose()?.and_then(|token| Token::read(TokenKind::Link, token.as_str()).ok());
    shown["token"] = token.as_ref().map(Token::expose).into();
    shown["url"] = token.and_then(|token| api.page("join", &token, headers)).into();
    Ok(Answer::ok(shown).at_revision(invitation.revision))
}
