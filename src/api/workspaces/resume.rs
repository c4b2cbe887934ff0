//! `POST /v1/workspaces/{id}/resume`

use axum::extract::State;
use campanile_events::{ids::WorkspaceId, workspace::WorkspaceAction};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, Nothing, OptionalBody},
    openapi::Told,
};

/// Goes on publishing in the caller's workspace: what fell due meanwhile is sent if it isn't too late, else missed.
#[utoipa::path(
    post, path = "/v1/workspaces/{id}/resume",
    request_body = Option<Nothing>,
    responses(Told<super::shown::Pause>),
    extensions(("x-refusals" = json!(["account_not_allowed", "test_key_live_account"])))
)]
pub async fn resume(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<WorkspaceId>,
    OptionalBody(Nothing {}): OptionalBody<Nothing>,
) -> Result<Answer, ApiError> {
    api.tell_workspace(&asker, id, WorkspaceAction::Resume).await
}
