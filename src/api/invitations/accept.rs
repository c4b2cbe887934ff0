//! `POST /v1/invitations/accept`

use axum::extract::State;
use campanile_events::{
    commands::{CommandError, Joint, Tries},
    ids::{InvitationId, PersonId, Position, Version, WorkspaceId},
    invitation::{Invitation, InvitationAction, InvitationCommand, InvitationError, InvitationStatus},
    journal::{Actor, AppendError, NewReceipt, Receipt, StreamId, StreamKind},
    person::{EMAIL_CLAIM, PersonAction, PersonCommand},
    seal::fields,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::refused;
use crate::{
    access::{Email, Passwords, Purpose},
    api::{
        Api,
        auth::not_signed_in,
        http::{Answer, ApiError, Arrival, Body, Code, Once, OnceKey},
        openapi::Made,
        people,
    },
};

const ROUTE: &str = "invitations.accept";

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

/// Accepts an invitation: sets the password of who is new, and opens the workspace to them. Then they sign in. A link that
/// was replaced, withdrawn or used, or whose time is over, is `not_found`, whichever it is; but the same request again with
/// its `Idempotency-Key` is answered as it was.
#[utoipa::path(
    post, path = "/v1/invitations/accept",
    request_body = Coming,
    responses(Made<super::shown::Joined>),
    extensions(("x-refusals" = json!([
        "invalid_request", "unsupported_media_type", "payload_too_large", "unauthorized", "rate_limited", "not_found",
        "conflict", "internal", "unavailable"
    ])))
)]
pub async fn accept(
    State(api): State<Api>,
    from: Arrival,
    key: OnceKey,
    Body(coming): Body<Coming>,
) -> Result<Answer, ApiError> {
    Passwords::check(&coming.password)?;
    let token = coming.token.expose_secret();
    let whose = format!("{ROUTE} {token}");
    let once = key.hold(&api, Some(&whose), &[token, coming.password.expose_secret()]).await?;
    if let Some(receipt) = once.before(&api).await? {
        return accepted_before(&api, &receipt).await;
    }
    let accepted = let_in(&api, &from, &coming, &once).await;
    if accepted.is_err()
        && let Some(receipt) = once.before(&api).await?
    {
        // Another node was faster: the link is used up by this very request.
        return accepted_before(&api, &receipt).await;
    }
    accepted
}

async fn let_in(api: &Api, from: &Arrival, coming: &Coming, once: &Once) -> Result<Answer, ApiError> {
    let core = &api.0;
    let found = core.people.links().find(coming.token.expose_secret(), Purpose::Invitation, core.clock.now()).await?;
    let link = found.ok_or_else(gone)?;
    let id = InvitationId::from(link.subject);
    let invitation = core.people.invitations().load(link.workspace, id.uuid()).await?.ok_or_else(gone)?.state;
    if invitation.status(core.clock.now()) != Some(InvitationStatus::Open) {
        return Err(gone());
    }
    let email = address(api, link.workspace, &invitation).await?;
    let receipt = once.receipt(201, StreamId::new(StreamKind::Invitation, id.uuid())).await?;
    let (workspace, invitation, email) = (link.workspace, &invitation, &email);
    let guest = Guest { api, from, workspace, id, invitation, email, receipt };
    let (person, position) = guest.comes(coming.password.clone()).await?;
    core.people.links().withdraw(id.uuid(), Purpose::Invitation).await?;
    Ok(api.placed(Answer::created(shown(person, email, workspace, invitation)), position).await)
}

/// Whom an invitation is for.
async fn address(api: &Api, workspace: WorkspaceId, invitation: &Invitation) -> Result<Email, ApiError> {
    let key = api.0.data_keys.get(workspace.uuid()).await?;
    let email = key.open(fields::INVITATION_EMAIL, &invitation.email)?;
    Email::read(email.as_str()).map_err(ApiError::internal)
}

fn shown(person: PersonId, email: &Email, workspace: WorkspaceId, invitation: &Invitation) -> Value {
    json!({
        "person": { "id": person, "email": email.as_str() },
        "workspace_id": workspace,
        "role": invitation.role,
    })
}

/// Who came by the same request before.
async fn accepted_before(api: &Api, receipt: &Receipt) -> Result<Answer, ApiError> {
    let stream = receipt.receipt.resource;
    // The receipt is of this very request: what it names is what that accepted, in whichever workspace.
    let first = api.0.journal.everywhere().read_stream(stream, Version(0), 1).await?;
    let workspace = first.first().ok_or_else(gone)?.workspace;
    let then = api.0.people.invitations().load_at(workspace, stream.id, receipt.position).await?;
    let invitation = then.ok_or_else(gone)?.state;
    let person = invitation.person_id.ok_or_else(gone)?;
    let email = address(api, workspace, &invitation).await?;
    let answer = Answer::created(shown(person, &email, workspace, &invitation)).replayed(receipt.receipt.status);
    Ok(api.placed(answer, receipt.position).await)
}

/// What every link that lets nobody in is answered with, whyever it doesn't.
fn gone() -> ApiError {
    ApiError::not_found("invitation: it was replaced, withdrawn or used, or its time is over")
}

/// One who comes.
struct Guest<'a> {
    api: &'a Api,
    from: &'a Arrival,
    workspace: WorkspaceId,
    id: InvitationId,
    invitation: &'a Invitation,
    email: &'a Email,
    receipt: Option<NewReceipt>,
}

impl Guest<'_> {
    /// Lets them in: somebody with this address, who then proves it by their password, or somebody new. The link alone
    /// must not do for who is known: who invites has it, too.
    async fn comes(&self, password: SecretString) -> Result<(PersonId, Position), ApiError> {
        let people = &self.api.0.people;
        if people.find(self.email).await?.is_none()
            && let Some(done) = self.registers(password.clone()).await?
        {
            return Ok(done);
        }
        let moves = || ApiError::unavailable("an address that moves");
        let known = people.find(self.email).await?.ok_or_else(moves)?;
        if !people.passwords().has(known).await? {
            let message = "somebody with this address is registered without a password: an operator gives them a link \
                           to set one, by `campanile people reset`";
            return Err(ApiError::new(Code::Conflict, message).with("state", "no_password"));
        }
        let proved = people.prove(known, self.email, password, self.from.address).await;
        proved.map_err(|error| not_signed_in(error, self.api.0.clock.now()))?;
        match self.joins(known, None).await {
            Ok(position) => Ok((known, position)),
            Err(NotIn::Known) => Err(moves()),
            Err(NotIn::Refused(error)) => Err(error),
        }
    }

    /// `None` if the address belongs to somebody by now.
    async fn registers(&self, password: SecretString) -> Result<Option<(PersonId, Position)>, ApiError> {
        let core = &self.api.0;
        let (home, key) = (core.people.home().await?, core.people.key().await?);
        let id = PersonId::fresh(core.clock.now());
        let register = PersonAction::Register {
            organization_id: home.organization,
            email: key.seal(fields::PERSON_EMAIL, self.email.open()),
            email_index: core.people.index(self.email).await?,
        };
        // First, so that who is on record can sign in; without a record, a password opens nothing.
        core.people.set_password(id, password, None).await?;
        match self.joins(id, Some(register)).await {
            Ok(position) => Ok(Some((id, position))),
            Err(why) => {
                core.people.passwords().drop_person(id).await?;
                match why {
                    NotIn::Known => Ok(None),
                    NotIn::Refused(error) => Err(error),
                }
            }
        }
    }

    /// Registers them if need be, opens the workspace to them and uses the invitation up: all of it or nothing.
    async fn joins(&self, person: PersonId, register: Option<PersonAction>) -> Result<Position, NotIn> {
        let core = &self.api.0;
        let (people, home) = (&core.people, core.people.home().await?.workspace);
        let role = self.invitation.role.ok_or_else(gone)?;
        let (now, workspace_id) = (core.clock.now(), self.workspace);
        let mut tries = Tries::default();
        loop {
            let mut joint = Joint::new(home, self.from.metadata(Actor::of(person)), self.receipt.clone());
            let other_owner = self.api.rely_on_another_owner(&mut joint, workspace_id, person, Some(role)).await?;
            let give = PersonAction::GiveRole { workspace_id, role, other_owner };
            let commands = register.clone().into_iter().chain([give]).map(|action| PersonCommand { now, action });
            joint.ask(people.persons(), home, person.uuid(), commands).await.map_err(people::refused)?;
            let accept = InvitationCommand { now, action: InvitationAction::Accept { person_id: person } };
            let used = joint.ask(people.invitations(), workspace_id, self.id.uuid(), [accept]).await;
            used.map_err(|error| match error {
                CommandError::Refused(InvitationError::Exists) | CommandError::NotFound => ApiError::internal(error),
                CommandError::Refused(_) => gone(),
                error => refused(error),
            })?;
            match joint.append().await {
                Ok(position) => return Ok(position),
                Err(AppendError::ClaimTaken { kind, .. }) if kind == EMAIL_CLAIM => return Err(NotIn::Known),
                Err(error) => tries.again(error).await.map_err(|error| people::refused(error.into()))?,
            }
        }
    }
}

/// Why somebody didn't come in.
enum NotIn {
    /// Somebody was faster, with the same address.
    Known,
    /// For all other reasons.
    Refused(ApiError),
}

impl<E: Into<ApiError>> From<E> for NotIn {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}
