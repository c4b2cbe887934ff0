//! What follows from a command to a workspace, and how events change it.

use super::{
    Workspace, WorkspaceAction, WorkspaceCommand, WorkspaceCreated, WorkspaceError, WorkspaceEvent, WorkspacePaused,
    WorkspacePlanSet, WorkspaceResumed,
};

impl Workspace {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the workspace's state forbids it. Then nothing follows.
    pub fn decide(&self, command: WorkspaceCommand) -> Result<Vec<WorkspaceEvent>, WorkspaceError> {
        let WorkspaceCommand { now: at, action } = command;
        match action {
            WorkspaceAction::Create { .. } if self.exists => Err(WorkspaceError::Exists),
            WorkspaceAction::Create { organization_id, name } => {
                Ok(vec![WorkspaceEvent::Created(WorkspaceCreated { organization_id, name, at })])
            }
            _ if !self.exists => Err(WorkspaceError::NotFound),
            WorkspaceAction::Pause if self.paused_at.is_some() => Ok(Vec::new()),
            WorkspaceAction::Pause => Ok(vec![WorkspaceEvent::Paused(WorkspacePaused { at })]),
            WorkspaceAction::SetPlan { plan } if plan == self.plan => Ok(Vec::new()),
            WorkspaceAction::SetPlan { plan } => Ok(vec![WorkspaceEvent::PlanSet(WorkspacePlanSet { plan, at })]),
            WorkspaceAction::Resume if self.paused_at.is_none() => Ok(Vec::new()),
            WorkspaceAction::Resume => Ok(vec![WorkspaceEvent::Resumed(WorkspaceResumed { at })]),
        }
    }

    pub(super) fn fold(&mut self, event: WorkspaceEvent) {
        self.revision += 1;
        match event {
            WorkspaceEvent::Created(event) => {
                self.exists = true;
                self.organization_id = event.organization_id;
                self.name = event.name;
                self.created_at = Some(event.at);
            }
            WorkspaceEvent::Paused(event) => self.paused_at = Some(event.at),
            WorkspaceEvent::Resumed(_) => self.paused_at = None,
            WorkspaceEvent::PlanSet(event) => self.plan = event.plan,
        }
    }
}
