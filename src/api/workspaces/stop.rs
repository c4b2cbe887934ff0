//! Pausing and resuming a workspace, whoever asks.

use campanile_events::{
    commands::Request,
    ids::WorkspaceId,
    journal::Metadata,
    workspace::{WorkspaceAction, WorkspaceCommand, WorkspaceError},
};
use serde_json::json;

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, optional_instant, refused_anyway},
};

impl Asker {
    /// Refuses any workspace but the caller's, as if there were none.
    pub(super) fn own(&self, workspace: WorkspaceId) -> Result<(), ApiError> {
        if self.caller.workspace == workspace { Ok(()) } else { Err(ApiError::not_found("workspace")) }
    }
}

impl Api {
    /// Stores the pause or its end, and answers once it holds.
    pub(in crate::api) async fn stop_or_go(
        &self,
        workspace: WorkspaceId,
        action: WorkspaceAction,
        metadata: Metadata,
    ) -> Result<Answer, ApiError> {
        let core = &self.0;
        let command = WorkspaceCommand { now: core.clock.now(), action };
        let request = Request { workspace, id: workspace.uuid(), command, metadata, receipt: None };
        let done = core.workspaces.execute(request).await.map_err(|error| {
            refused_anyway(error, "workspace", |error| match error {
                WorkspaceError::NotFound => ApiError::not_found("workspace"),
                WorkspaceError::Exists => ApiError::internal(error),
            })
        })?;
        let paused_at = done.state.paused_at;
        if paused_at.is_some() && !core.publishing.held(workspace).await {
            tracing::warn!(workspace.id = %workspace, "a request outlasted its time while the workspace was paused");
        }
        let shown = json!({"id": workspace, "paused_at": optional_instant(paused_at)});
        let answer = self.placed(Answer::ok(shown), done.position).await;
        if paused_at.is_none() {
            // After the read models show it: what waits is looked for by them.
            core.publishing.resumed();
        }
        Ok(answer)
    }
}
