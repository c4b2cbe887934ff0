//! `GET /operator/keys`

use axum::extract::State;

use crate::api::{
    Api,
    http::{Answer, ApiError, Parameters},
    keys::list::listed,
};

/// A workspace's keys, newest first, revoked ones too unless a status is named.
pub async fn list(State(api): State<Api>, mut given: Parameters) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    listed(&api, workspace, given).await
}
