//! `GET /operator/log/claims`

use axum::extract::State;

use crate::{
    api::{
        Api,
        http::{Answer, ApiError, Code},
    },
    engine::log::LogClaims,
};

/// The names that are held, to be checked against the events.
pub async fn claims(State(api): State<Api>) -> Result<Answer, ApiError> {
    // An operator is told what is wrong, in full.
    let held = api.0.journal.everywhere().held_claims().await;
    let held = held.map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
    Ok(Answer::ok(serde_json::to_value(LogClaims::of(held)).map_err(ApiError::internal)?))
}
