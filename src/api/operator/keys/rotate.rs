//! `POST /operator/keys/{id}/rotate`

use axum::extract::State;
use campanile_events::ids::KeyId;

use crate::api::{
    Api,
    http::{Answer, ApiError, Named, OptionalBody, Parameters},
    keys::{
        By,
        rotate::{Rotation, follow},
    },
    operator::AtMachine,
};

/// Lets a new key follow another; its secret stands in this answer only.
pub async fn rotate(
    State(api): State<Api>,
    operator: AtMachine,
    Named(id): Named<KeyId>,
    mut given: Parameters,
    OptionalBody(rotation): OptionalBody<Rotation>,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    follow(&api, &By::operator(workspace, operator.metadata()), id, &rotation).await
}
