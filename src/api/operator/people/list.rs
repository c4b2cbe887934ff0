//! `GET /operator/people`

use axum::extract::State;

use crate::api::{
    Api,
    http::{Answer, ApiError, Parameters},
    people::list::listed,
};

/// A workspace's people, the newest first.
pub async fn list(State(api): State<Api>, mut given: Parameters) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    listed(&api, workspace, given).await
}
