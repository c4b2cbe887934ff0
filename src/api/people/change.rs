//! `PATCH /v1/people/{id}`

use axum::extract::State;
use campanile_events::{ids::PersonId, person::Role};
use serde::Deserialize;

use super::{By, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Body, IfMatch, Named},
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

/// Gives a person another role in the workspace. It counts from their next request on. The last owner
/// stays one: `conflict`, with the `state` `last_owner`.
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
    let (person, position) = by.set_role(&api, id, Some(new.role)).await?;
    let key = api.0.people.key().await?;
    let shown = render::person(&key, id, &person, by.workspace)?;
    Ok(api.placed(Answer::ok(shown).at_revision(person.revision), position).await)
}
