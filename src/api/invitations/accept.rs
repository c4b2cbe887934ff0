//! `POST /v1/invitations/accept`

use axum::extract::State;
use campanile_events::{
    commands::{CommandError, Request},
    ids::{InvitationId, PersonId, Position, WorkspaceId},
    invitation::{Invitation, InvitationAction, InvitationCommand, InvitationError, InvitationStatus},
    journal::Actor,
    person::{PersonAction, PersonCommand},
    seal::fields,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::refusal::{refusal, refused};
use crate::{
    access::{Email, Passwords, Purpose},
    api::{
        Api,
        auth::not_signed_in,
        http::{Answer, ApiError, Arrival, Body, Code},
        openapi::Made,
        people,
    },
};

/// Somebody who comes by a link.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Coming {
    /// What stands behind the `#` of the link.
    #[schema(value_type = String)]
    token: SecretString,
    /// The password that they will sign in with: 8 to 1024 characters. Who signs in here already gives the one that they
    /// have.
    #[schema(value_type = String, min_length = 8, max_length = 1024)]
    password: SecretString,
}

/// Accepts an invitation: sets the password of who is new, and opens the workspace to them. Then they sign in.
#[utoipa::path(
    post, path = "/v1/invitations/accept",
    request_body = Coming,
    responses(Made<super::shown::Joined>),
    extensions(("x-refusals" = json!([
        "invalid_request", "unsupported_media_type", "payload_too_large", "unauthorized", "rate_limited", "not_found",
        "conflict", "internal", "unavailable"
    ])))
)]
pub async fn accept(State(api): State<Api>, from: Arrival, Body(coming): Body<Coming>) -> Result<Answer, ApiError> {
    let core = &api.0;
    Passwords::check(&coming.password)?;
    let found = core.people.links().find(coming.token.expose_secret(), Purpose::Invitation, core.clock.now()).await?;
    let link = found.ok_or_else(|| ApiError::not_found("invitation, or it was used, or its time is over"))?;
    let id = InvitationId::from(link.subject);
    let loaded = core.people.invitations().load(link.workspace, id.uuid()).await?;
    let invitation = loaded.ok_or_else(|| ApiError::not_found("invitation"))?.state;
    match invitation.status(core.clock.now()) {
        Some(InvitationStatus::Open) => {}
        Some(InvitationStatus::Accepted) => return Err(refusal(&InvitationError::Accepted)),
        Some(InvitationStatus::Withdrawn) => return Err(refusal(&InvitationError::Withdrawn)),
        Some(InvitationStatus::Expired) => return Err(refusal(&InvitationError::Expired)),
        None => return Err(refusal(&InvitationError::NotFound)),
    }
    let key = core.data_keys.get(link.workspace.uuid()).await?;
    let email = key.open(fields::INVITATION_EMAIL, &invitation.email)?;
    let email = Email::read(email.as_str()).map_err(ApiError::internal)?;
    let guest = Guest { api: &api, from: &from, workspace: link.workspace, id, invitation: &invitation, email: &email };
    let person = guest.known_or_new(coming.password).await?;
    let position = guest.comes(person).await?;
    core.people.links().withdraw(id.uuid(), Purpose::Invitation).await?;
    let shown = json!({
        "person": { "id": person, "email": email.as_str() },
        "workspace_id": link.workspace,
        "role": invitation.role,
    });
    Ok(api.placed(Answer::created(shown), position).await)
}

/// One who comes.
struct Guest<'a> {
    api: &'a Api,
    from: &'a Arrival,
    workspace: WorkspaceId,
    id: InvitationId,
    invitation: &'a Invitation,
    email: &'a Email,
}

impl Guest<'_> {
    /// Who they are: somebody with this address, who then proves it by their password, or somebody new. The link alone
    /// must not do for who is known: who invites has it, too.
    async fn known_or_new(&self, password: SecretString) -> Result<PersonId, ApiError> {
        let people = &self.api.0.people;
        let known = match people.find(self.email).await? {
            Some(known) => known,
            None => match self.register(password.clone()).await? {
                Some(new) => return Ok(new),
                // Somebody was faster, with the same address.
                None => people.find(self.email).await?.ok_or_else(|| ApiError::unavailable("an address that moves"))?,
            },
        };
        if !people.passwords().has(known).await? {
            let message = "somebody with this address is registered without a password: an operator gives them a link \
                           to set one, by `campanile people reset`";
            return Err(ApiError::new(Code::Conflict, message).with("state", "no_password"));
        }
        let proved = people.prove(known, self.email, password, self.from.address).await;
        proved.map_err(|error| not_signed_in(error, self.api.0.clock.now()))?;
        Ok(known)
    }

    /// `None` if the address belongs to somebody by now.
    async fn register(&self, password: SecretString) -> Result<Option<PersonId>, ApiError> {
        let core = &self.api.0;
        let (home, key) = (core.people.home().await?, core.people.key().await?);
        let id = PersonId::fresh(core.clock.now());
        let action = PersonAction::Register {
            organization_id: home.organization,
            email: key.seal(fields::PERSON_EMAIL, self.email.open()),
            email_index: core.people.index(self.email).await?,
        };
        // First, so that who is on record can sign in; without a record, a password opens nothing.
        core.people.set_password(id, password, None).await?;
        match self.record(id, action).await {
            Ok(_) => Ok(Some(id)),
            Err(error) => {
                core.people.passwords().drop_person(id).await?;
                match error {
                    CommandError::ClaimTaken { .. } => Ok(None),
                    error => Err(people::refused(error)),
                }
            }
        }
    }

    /// Opens the workspace to them and uses the invitation up. A crash between the two leaves it open: they come again.
    async fn comes(&self, person: PersonId) -> Result<Position, ApiError> {
        let core = &self.api.0;
        let role = self.invitation.role.ok_or_else(|| ApiError::not_found("invitation"))?;
        let before = core.people.load(person).await?.and_then(|it| it.roles.get(&self.workspace).copied());
        let workspace_id = self.workspace;
        let given =
            self.record(person, PersonAction::GiveRole { workspace_id, role }).await.map_err(people::refused)?;
        let action = InvitationAction::Accept { person_id: person };
        let request = Request {
            workspace: self.workspace,
            id: self.id.uuid(),
            command: InvitationCommand { now: core.clock.now(), action },
            metadata: self.from.metadata(Actor::of(person)),
            receipt: None,
        };
        match core.people.invitations().execute(request).await {
            Ok(accepted) => Ok(accepted.position.max(given)),
            Err(error) => {
                // Withdrawn at the same moment, or used: then it opens nothing.
                let back = before.map_or(PersonAction::TakeRole { workspace_id }, |role| PersonAction::GiveRole {
                    workspace_id,
                    role,
                });
                self.record(person, back).await.map_err(people::refused)?;
                Err(refused(error))
            }
        }
    }

    async fn record(
        &self,
        person: PersonId,
        action: PersonAction,
    ) -> Result<Position, CommandError<campanile_events::person::PersonError>> {
        let core = &self.api.0;
        let home = core.people.home().await.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let command = PersonCommand { now: core.clock.now(), action };
        let metadata = self.from.metadata(Actor::of(person));
        let request = Request { workspace: home.workspace, id: person.uuid(), command, metadata, receipt: None };
        Ok(core.people.persons().execute(request).await?.position)
    }
}
