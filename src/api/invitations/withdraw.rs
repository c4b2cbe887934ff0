//! `DELETE /v1/invitations/{id}`

use axum::extract::State;
use campanile_events::{ids::InvitationId, invitation::InvitationAction};

use super::{make::execute, refusal::refused};
use crate::{
    access::Purpose,
    api::{
        Api,
        http::{Answer, ApiError, Asker, IfMatch, Named},
        openapi::Done,
        people::By,
    },
};

/// Withdraws an invitation: nobody comes by it any more.
#[utoipa::path(
    delete, path = "/v1/invitations/{id}",
    responses(Done),
    extensions(("x-refusals" = json!(["conflict"])))
)]
pub async fn withdraw(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<InvitationId>,
    if_match: IfMatch,
) -> Result<Answer, ApiError> {
    let by = By::owner(asker);
    let people = &api.0.people;
    let loaded = people.invitations().load(by.workspace, id.uuid()).await?;
    if_match.check(loaded.ok_or_else(|| ApiError::not_found("invitation"))?.state.revision)?;
    let done = execute(&api, &by, id, InvitationAction::Withdraw, None).await.map_err(refused)?;
    people.links().withdraw(id.uuid(), Purpose::Invitation).await?;
    Ok(api.placed(Answer::nothing(), done.position).await)
}
