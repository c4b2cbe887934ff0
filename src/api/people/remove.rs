//! `DELETE /v1/people/{id}`

use axum::extract::State;
use campanile_events::{
    ids::{PersonId, Position},
    person::PersonAction,
};

use super::{By, refused};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named},
    openapi::Done,
};

/// Takes a person's role in the workspace away: from their next request on nothing of it is open to them. What they did
/// stays on record, and keys that they made hold until they are revoked. The last owner stays.
#[utoipa::path(
    delete, path = "/v1/people/{id}",
    responses(Done),
    extensions(("x-refusals" = json!(["conflict"])))
)]
pub async fn remove(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PersonId>,
    if_match: IfMatch,
) -> Result<Answer, ApiError> {
    let by = By::owner(asker);
    let person = api.person_in(by.workspace, id).await?;
    if_match.check(person.revision)?;
    api.leave_an_owner(by.workspace, &person).await?;
    let position = taken_away(&api, &by, id).await?;
    Ok(api.placed(Answer::nothing(), position).await)
}

/// Takes a person's role away, and ends their sessions if it was their last.
pub(in crate::api) async fn taken_away(api: &Api, by: &By, id: PersonId) -> Result<Position, ApiError> {
    let action = PersonAction::TakeRole { workspace_id: by.workspace };
    let done = by.execute(api, id, action).await.map_err(refused)?;
    if done.state.roles.is_empty() {
        api.0.people.sessions().end_all(id, None).await?;
    }
    Ok(done.position)
}
