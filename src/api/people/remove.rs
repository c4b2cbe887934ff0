//! `DELETE /v1/people/{id}`

use axum::extract::State;
use campanile_events::ids::PersonId;

use super::{By, role::taken_away};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, IfMatch, Named},
    openapi::Done,
};

/// Takes a person's role in the workspace away: from their next request on nothing of it is open to them. What they did
/// stays on record, and keys that they made hold until they are revoked. The last owner stays:
/// `conflict`, with the `state` `last_owner`.
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
    let position = taken_away(&api, &by, id).await?;
    Ok(api.placed(Answer::nothing(), position).await)
}
