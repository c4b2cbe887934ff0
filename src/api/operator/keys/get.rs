//! `GET /operator/keys/{id}`

use axum::extract::State;
use campanile_events::ids::KeyId;

use crate::api::{
    Api,
    http::{Answer, ApiError, Named, Parameters},
    keys::get::one,
};

/// A workspace's key.
pub async fn get(State(api): State<Api>, Named(id): Named<KeyId>, mut given: Parameters) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    one(&api, workspace, id).await
}
