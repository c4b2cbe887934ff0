//! `GET /operator/projections`

use axum::extract::State;
use campanile_projections::runner::{ProjectionState, ProjectionStatus};
use serde_json::{Value, json};

use crate::api::{
    Api,
    http::{Answer, ApiError},
};

/// How every read model stands.
pub async fn status(State(api): State<Api>) -> Result<Answer, ApiError> {
    let all = api.0.runner.status().await.map_err(ApiError::unavailable)?;
    Ok(Answer::list(all.iter().map(shown).collect(), None))
}

fn shown(status: &ProjectionStatus) -> Value {
    let (state, rebuilt_to, reason) = match &status.state {
        ProjectionState::Live => ("live", None, None),
        ProjectionState::Rebuilding { position } => ("rebuilding", Some(position), None),
        ProjectionState::Stopped { reason } => ("stopped", None, Some(reason)),
    };
    json!({
        "name": status.name,
        "version": status.version,
        "state": state,
        "position": status.position,
        "lag": status.lag,
        "parked": status.parked,
        "rebuilt_to": rebuilt_to,
        "reason": reason,
    })
}
