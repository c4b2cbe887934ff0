//! `POST /v1/workspaces`

use axum::extract::State;
use campanile_events::{
    commands::{Joint, Tries},
    ids::WorkspaceId,
    journal::{Receipt, StreamId, StreamKind},
    person::{PersonAction, PersonCommand, Role},
    seal::{Open, fields},
    workspace::{WorkspaceAction, WorkspaceCommand},
};
use serde::Deserialize;

use crate::api::{
    Api,
    http::{Answer, ApiError, Body, Code, InSession, mismatch, refused_anyway},
    openapi::Made,
    people,
};

const LONGEST: usize = 100;

/// A workspace to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    /// What its people call it: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Makes a workspace, whose owner is who asks: both or neither. For who is an owner somewhere already.
#[utoipa::path(
    post, path = "/v1/workspaces",
    request_body = NewWorkspace,
    responses(Made<super::shown::Workspace>)
)]
pub async fn create(
    State(api): State<Api>,
    person: InSession,
    Body(new): Body<NewWorkspace>,
) -> Result<Answer, ApiError> {
    let (core, own) = (&api.0, &person.signed_in);
    let name = new.name.trim();
    if !(1..=LONGEST).contains(&name.chars().count()) || name.contains('\0') {
        return Err(ApiError::invalid("name", "length", "must have from 1 to 100 characters"));
    }
    if !own.person.roles.values().any(|role| *role == Role::Owner) {
        return Err(ApiError::new(Code::ForbiddenRole, "a workspace is made by who is an owner of another"));
    }
    let now = core.clock.now();
    let id = WorkspaceId::fresh(now);
    let home = core.people.home().await?;
    let key = core.data_keys.create(id.uuid(), now).await?;
    let name = key.seal(fields::WORKSPACE_NAME, &Open::new(name));
    let mut tries = Tries::default();
    let (made, position) = loop {
        let receipt = person.receipt(201, StreamId::new(StreamKind::Workspace, id.uuid()), None);
        let mut joint = Joint::new(home.workspace, person.metadata(), receipt);
        let action = WorkspaceAction::Create { organization_id: home.organization, name: name.clone() };
        let planned =
            core.plans.settings().for_new().map(|plan| WorkspaceAction::SetPlan { plan: Some(plan.to_owned()) });
        let commands = [action].into_iter().chain(planned).map(|action| WorkspaceCommand { now, action });
        let made = joint.ask(&core.workspaces, id, id.uuid(), commands).await;
        let made = made.map_err(|error| refused_anyway(error, "workspace", ApiError::internal))?;
        let action = PersonAction::GiveRole { workspace_id: id, role: Role::Owner, other_owner: None };
        let owning = joint.ask(core.people.persons(), home.workspace, own.id.uuid(), [PersonCommand { now, action }]);
        owning.await.map_err(people::refused)?;
        match joint.append().await {
            Ok(position) => break (made, position),
            Err(error) => tries.again(error).await.map_err(|error| people::refused(error.into()))?,
        }
    };
    let shown = api.open_workspace(id, &made, Role::Owner).await?;
    Ok(api.placed(Answer::created(shown), position).await)
}

/// The workspace that a person made, as it was.
pub async fn made_before(api: &Api, person: &InSession, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = WorkspaceId::from(receipt.receipt.resource.id);
    // Another's request is another request, whatever it says.
    let role = person.signed_in.role(id).ok_or_else(mismatch)?;
    let then = api.0.workspaces.load_at(id, id.uuid(), receipt.position).await?;
    let then = then.ok_or_else(|| ApiError::not_found("workspace"))?.state;
    Ok(Answer::created(api.open_workspace(id, &then, role).await?))
}
