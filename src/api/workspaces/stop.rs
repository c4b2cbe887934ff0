//! Pausing and resuming a workspace, whoever asks.

use campanile_events::{
    commands::{CommandError, Committed},
    ids::{Position, WorkspaceId},
    workspace::{Workspace, WorkspaceAction, WorkspaceCommand, WorkspaceError},
};
use serde_json::{Value, json};

use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, optional_instant, refused_anyway},
};

impl Api {
    /// Stops or goes on in the caller's own workspace; any other is as good as absent.
    pub(super) async fn tell_workspace(
        &self,
        asker: &Asker,
        id: WorkspaceId,
        action: WorkspaceAction,
    ) -> Result<Answer, ApiError> {
        if asker.caller.workspace != id {
            return Err(ApiError::not_found("workspace"));
        }
        asker.caller.reaches_workspace()?;
        let command = WorkspaceCommand { now: self.0.clock.now(), action };
        let told = asker.execute(&self.0.workspaces, id.uuid(), command).await;
        let (shown, position) = self.stop_or_go(id, told).await?;
        Ok(self.placed(Answer::ok(shown), position).await)
    }

    /// What follows once the pause or its end is stored; gives what is to be shown of it, and its place in the log, when
    /// it holds.
    pub(in crate::api) async fn stop_or_go(
        &self,
        workspace: WorkspaceId,
        told: Result<Committed<Workspace>, CommandError<WorkspaceError>>,
    ) -> Result<(Value, Position), ApiError> {
        let core = &self.0;
        let done = told.map_err(|error| {
            refused_anyway(error, "workspace", |error| match error {
                WorkspaceError::NotFound => ApiError::not_found("workspace"),
                WorkspaceError::Exists => ApiError::internal(error),
            })
        })?;
        let paused = done.state.paused_at.is_some();
        if paused && !core.publishing.held(workspace).await {
            tracing::warn!(workspace.id = %workspace, "a request outlasted its time while the workspace was paused");
        }
        // What waited is looked for in the read models: they have to show it first.
        core.projected(done.position).await;
        if !paused {
            core.publishing.resumed();
        }
        Ok((shown(workspace, &done.state), done.position))
    }
}

/// A workspace as these requests show it.
pub(super) fn shown(id: WorkspaceId, workspace: &Workspace) -> Value {
    json!({"id": id, "paused_at": optional_instant(workspace.paused_at)})
}
