//! `POST /operator/keys`

use axum::extract::State;

use crate::api::{
    Api,
    http::{Answer, ApiError, Body, Parameters},
    keys::{By, create::make, input::NewKey},
    operator::AtMachine,
};

/// Makes a key; its secret stands in this answer only.
pub async fn create(
    State(api): State<Api>,
    operator: AtMachine,
    mut given: Parameters,
    Body(new): Body<NewKey>,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    make(&api, &By::operator(workspace, operator.metadata()), new).await
}
