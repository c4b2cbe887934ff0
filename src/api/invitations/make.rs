//! `POST /v1/invitations`

use axum::{extract::State, http::HeaderMap};
use campanile_events::{
    commands::{CommandError, Committed, Request},
    ids::InvitationId,
    invitation::{Invitation, InvitationAction, InvitationCommand, InvitationError, NewInvitation},
    person::Role,
    seal::{Open, Sealed, fields},
};
use chrono::Duration;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{refusal::refused, render};
use crate::{
    access::{Email, Link, Purpose, Token, TokenKind},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, Code},
        openapi::{Made, RoleName},
        people::By,
    },
};

/// How long somebody may come by an invitation.
const HOLDS: Duration = Duration::days(7);
const MOST_TRIES: usize = 5;

/// Somebody to be invited.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// Their e-mail address. Nothing is sent there: the link is for who invites to hand on.
    #[schema(value_type = String)]
    email: SecretString,
    /// What they will be in the workspace.
    #[schema(value_type = RoleName)]
    role: Role,
}

/// Invites somebody into the workspace. The link stands in this answer only, and in those to the same request again
/// within a day; it is good for once and for 7 days. An open invitation of the same address is withdrawn by it.
#[utoipa::path(
    post, path = "/v1/invitations",
    request_body = Guest,
    responses(Made<super::shown::InvitationWithLink>),
    extensions(("x-refusals" = json!(["conflict"])))
)]
pub async fn make(
    State(api): State<Api>,
    asker: Asker,
    headers: HeaderMap,
    Body(guest): Body<Guest>,
) -> Result<Answer, ApiError> {
    invited(&api, &By::owner(asker.creating()), &headers, &guest).await
}

/// Invites somebody, whoever asks.
pub(in crate::api) async fn invited(
    api: &Api,
    by: &By,
    headers: &HeaderMap,
    guest: &Guest,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let email = Email::read(guest.email.expose_secret());
    let email = email.map_err(|error| ApiError::invalid("email", "invalid", error.to_string()))?;
    let person = match core.people.find(&email).await? {
        Some(id) => core.people.load(id).await?,
        None => None,
    };
    if person.is_some_and(|person| person.roles.contains_key(&by.workspace)) {
        let message = "somebody with this address may enter the workspace already";
        return Err(ApiError::new(Code::Conflict, message).with("state", "member"));
    }
    let (now, token) = (core.clock.now(), Token::generate(TokenKind::Link));
    let (id, expires_at) = (InvitationId::fresh(now), now + HOLDS);
    let key = core.data_keys.get(by.workspace.uuid()).await?;
    let new = NewInvitation {
        email: key.seal(fields::INVITATION_EMAIL, email.open()),
        email_index: core.people.index(&email).await?,
        role: guest.role,
        expires_at,
    };
    // First, so that an invitation on record can be accepted; without one there, a link opens nothing.
    let link = Link { subject: id.uuid(), workspace: by.workspace };
    core.people.links().keep(&token, Purpose::Invitation, link, expires_at).await?;
    let sealed = key.seal(fields::RECEIPT_SECRET, &Open::new(token.expose()));
    let made = match alone(api, by, id, new, sealed).await {
        Ok(made) => made,
        Err(error) => {
            core.people.links().withdraw(id.uuid(), Purpose::Invitation).await?;
            return Err(refused(error));
        }
    };
    let mut shown = render::invitation(&key, id, &made.state, &by.metadata().actor, now)?;
    shown["token"] = token.expose().into();
    shown["url"] = api.page("join", &token, headers).into();
    Ok(api.placed(Answer::created(shown).at_revision(made.state.revision), made.position).await)
}

/// Makes it, in place of one that is open for the same address.
async fn alone(
    api: &Api,
    by: &By,
    id: InvitationId,
    new: NewInvitation,
    sealed: Sealed,
) -> Result<Committed<Invitation>, CommandError<InvitationError>> {
    let mut tries = 0;
    loop {
        let action = InvitationAction::Make(new.clone());
        let made = execute(api, by, id, action, Some(sealed.clone())).await;
        tries += 1;
        let Err(CommandError::ClaimTaken { holder, .. }) = &made else { return made };
        if tries >= MOST_TRIES {
            return made;
        }
        match execute(api, by, holder.id.into(), InvitationAction::Withdraw, None).await {
            Ok(_) => {
                // Without a row the link of before opens nothing either way: its invitation is withdrawn.
                let taken_back = api.0.people.links().withdraw(holder.id, Purpose::Invitation).await;
                taken_back.map_err(|error| CommandError::Unavailable(error.to_string()))?;
            }
            // Accepted meanwhile: its claim is free.
            Err(CommandError::Refused(_)) => {}
            failed => return failed,
        }
    }
}

/// Gives an invitation a command. What makes one keeps a receipt, with the link that its answer shows once.
pub(super) async fn execute(
    api: &Api,
    by: &By,
    id: InvitationId,
    action: InvitationAction,
    shown_once: Option<Sealed>,
) -> Result<Committed<Invitation>, CommandError<InvitationError>> {
    let invitations = api.0.people.invitations();
    let command = InvitationCommand { now: api.0.clock.now(), action };
    if let (Some(asker), Some(secret)) = (by.asker.clone(), shown_once) {
        return asker.showing_once(secret).execute(invitations, id.uuid(), command).await;
    }
    let (workspace, metadata) = (by.workspace, by.metadata());
    invitations.execute(Request { workspace, id: id.uuid(), command, metadata, receipt: None }).await
}

impl Api {
    /// The address of a page that takes a link's token. The token stands behind the `#`: no server is sent it.
    pub(in crate::api) fn page(&self, name: &str, token: &Token, headers: &HeaderMap) -> Option<String> {
        let base = self.0.upload_links.page_base(headers)?;
        Some(format!("{base}/{name}#{}", token.expose()))
    }
}
