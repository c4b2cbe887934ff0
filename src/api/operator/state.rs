//! `GET /operator/log`

use axum::extract::State;

use crate::{
    api::{
        Api,
        http::{Answer, ApiError},
    },
    engine::log::LogState,
};

/// Where the log ends, what was signed of it, and with which key that is checked.
pub async fn state(State(api): State<Api>) -> Result<Answer, ApiError> {
    let core = &api.0;
    let state = LogState::read(core.journal.everywhere().as_ref(), &core.checkpoints, &core.verifying_key).await;
    let state = serde_json::to_value(state.map_err(ApiError::unavailable)?);
    Ok(Answer::ok(state.map_err(ApiError::internal)?))
}
