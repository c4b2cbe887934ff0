//! What may be asked of a workspace.

use chrono::{DateTime, Utc};

use crate::{ids::OrganizationId, seal::Sealed};

/// What is asked of a workspace, at `now`.
#[derive(Debug, Clone)]
pub struct WorkspaceCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: WorkspaceAction,
}

/// What is asked of a workspace.
#[derive(Debug, Clone)]
pub enum WorkspaceAction {
    /// Make it.
    Create {
        /// The organization above it.
        organization_id: OrganizationId,
        /// What its people call it.
        name: Sealed,
    },
    /// Begin nothing new in it until it is resumed; nothing follows where that holds already.
    Pause,
    /// Give it another plan, or none; nothing follows where it has that one.
    SetPlan {
        /// Its name.
        plan: Option<String>,
    },
    /// Go on; nothing follows for one that isn't paused.
    Resume,
}
