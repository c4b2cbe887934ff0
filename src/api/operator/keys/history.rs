//! `GET /operator/keys/{id}/history`

use axum::extract::State;
use campanile_events::ids::KeyId;

use crate::api::{
    Api,
    http::{Answer, ApiError, Named, Parameters},
    keys::{By, history::told},
    operator::AtMachine,
};

/// What happened to a key.
pub async fn history(
    State(api): State<Api>,
    operator: AtMachine,
    Named(id): Named<KeyId>,
    mut given: Parameters,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    told(&api, &By::operator(workspace, operator.metadata()), id, given).await
}
