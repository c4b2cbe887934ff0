//! `POST /operator/people/remove`

use axum::extract::State;
use serde_json::json;

use super::named::NamedPerson;
use crate::api::{
    Api,
    http::{Answer, ApiError, Body, Parameters},
    operator::AtMachine,
    people::{By, taken_away},
};

/// Takes a person's role in a workspace away. The last owner stays: an operator invites another first.
pub async fn remove(
    State(api): State<Api>,
    operator: AtMachine,
    mut given: Parameters,
    Body(named): Body<NamedPerson>,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    let id = api.named_person(&named).await?;
    api.person_in(workspace, id).await?;
    let position = taken_away(&api, &By::operator(workspace, operator.metadata()), id).await?;
    let shown = json!({ "person_id": id, "workspace_id": workspace });
    Ok(api.placed(Answer::ok(shown), position).await)
}
