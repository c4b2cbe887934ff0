//! Pausing and resuming a workspace, whoever asks.

use campanile_events::{
    commands::Request,
    ids::{Position, WorkspaceId},
    journal::Metadata,
    workspace::{WorkspaceAction, WorkspaceCommand, WorkspaceError},
};
use serde_json::{Value, json};

use crate::api::{
    Api,
    http::{ApiError, Asker, optional_instant, refused_anyway},
};

impl Asker {
    /// Refuses any workspace but the caller's, as if there were none.
    pub(super) fn own(&self, workspace: WorkspaceId) -> Result<(), ApiError> {
        if self.caller.workspace == workspace { Ok(()) } else { Err(ApiError::not_found("workspace")) }
    }
}

impl Api {
    /// Stores the pause or its end; gives what is to be shown of it, and its place in the log, once it holds.
    pub(in crate::api) async fn stop_or_go(
        &self,
        workspace: WorkspaceId,
        action: WorkspaceAction,
        metadata: Metadata,
    ) -> Result<(Value, Position), ApiError> {
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
        // What waited is looked for in the read models: they have to show it first.
        core.projected(done.position).await;
        if paused_at.is_none() {
            core.publishing.resumed();
        }
        Ok((shown, done.position))
    }
}
