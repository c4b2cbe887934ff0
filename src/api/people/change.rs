//! `PATCH /v1/people/{id}`

use axum::extract::State;
use campanile_events::{
    ids::{PersonId, WorkspaceId},
    person::{Person, PersonAction, Role},
};
use campanile_projections::people;
use serde::Deserialize;

use super::{By, refused, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Body, Code, IfMatch, Named},
    openapi::{RoleName, Told},
};

/// What a person is to be in the workspace.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// The role.
    #[schema(value_type = RoleName)]
    role: Role,
}

/// Gives a person another role in the workspace. It counts from their next request on. The last owner stays one.
#[utoipa::path(
    patch, path = "/v1/people/{id}",
    request_body = NewRole,
    responses(Told<super::shown::PersonShown>),
    extensions(("x-refusals" = json!(["conflict"])))
)]
pub async fn change(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PersonId>,
    if_match: IfMatch,
    Body(new): Body<NewRole>,
) -> Result<Answer, ApiError> {
    let by = By::owner(asker);
    let person = api.person_in(by.workspace, id).await?;
    if_match.check(person.revision)?;
    if new.role != Role::Owner {
        api.leave_an_owner(by.workspace, &person).await?;
    }
    let action = PersonAction::GiveRole { workspace_id: by.workspace, role: new.role };
    let done = by.execute(&api, id, action).await.map_err(refused)?;
    let key = api.0.people.key().await?;
    let shown = render::person(&key, id, &done.state, by.workspace)?;
    Ok(api.placed(Answer::ok(shown).at_revision(done.state.revision), done.position).await)
}

impl Api {
    /// Refuses to take the last owner from a workspace: nobody could look after its people.
    pub(super) async fn leave_an_owner(&self, workspace: WorkspaceId, person: &Person) -> Result<(), ApiError> {
        let is_owner = person.roles.get(&workspace) == Some(&Role::Owner);
        if is_owner && people::with_role(self.0.read.as_ref(), workspace, Role::Owner).await? <= 1 {
            let message = "this is the last owner of the workspace: give somebody else that role first";
            return Err(ApiError::new(Code::Conflict, message).with("state", "last_owner"));
        }
        Ok(())
    }
}
