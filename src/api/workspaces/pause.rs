//! `POST /v1/workspaces/{id}/pause`

use axum::extract::State;
use campanile_events::{ids::WorkspaceId, workspace::WorkspaceAction};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named},
    openapi::Told,
};

/// Stops publishing in the caller's workspace. When this is answered, nothing more leaves until it is resumed.
#[utoipa::path(post, path = "/v1/workspaces/{id}/pause", responses(Told<super::shown::Pause>))]
pub async fn pause(State(api): State<Api>, asker: Asker, Named(id): Named<WorkspaceId>) -> Result<Answer, ApiError> {
    api.tell_workspace(&asker, id, WorkspaceAction::Pause).await
}
