//! `POST /operator/log/checkpoint`

use axum::extract::State;
use campanile_events::ids::Position;

use super::state::state;
use crate::api::{
    Api,
    http::{Answer, ApiError},
};

/// Has the log's end signed now, and says where it ends.
pub async fn checkpoint(State(api): State<Api>) -> Result<Answer, ApiError> {
    api.0.notary.sign_after(Position(0)).await.map_err(ApiError::unavailable)?;
    state(State(api)).await
}
