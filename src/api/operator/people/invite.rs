//! `POST /operator/people/invite`

use axum::{extract::State, http::HeaderMap};

use crate::api::{
    Api,
    http::{Answer, ApiError, Body, Parameters},
    invitations::make::{Guest, invited},
    operator::AtMachine,
    people::By,
};

/// Invites somebody into a workspace; the link stands in this answer only.
pub async fn invite(
    State(api): State<Api>,
    operator: AtMachine,
    mut given: Parameters,
    Body(guest): Body<Guest>,
) -> Result<Answer, ApiError> {
    // The socket has a name for no browser: a link begins with the public address, or with none.
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    invited(&api, &By::operator(workspace, operator.metadata()), &HeaderMap::new(), &guest).await
}
