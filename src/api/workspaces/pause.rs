//! `POST /v1/workspaces/{id}/pause`

use axum::extract::State;
use campanile_events::{ids::WorkspaceId, workspace::WorkspaceAction};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, Nothing, OptionalBody},
    openapi::Told,
};

/// Stops publishing in the caller's workspace. When this is answered, nothing more leaves until it is resumed.
#[utoipa::path(
    post, path = "/v1/workspaces/{id}/pause",
    request_body = Option<Nothing>,
    responses(Told<super::shown::Pause>),
    extensions(("x-refusals" = json!(["account_not_allowed", "test_key_live_account"])))
)]
pub async fn pause(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<WorkspaceId>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    api.tell_workspace(&asker, id, WorkspaceAction::Pause).await
}
