//! What happened to a workspace. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ids::OrganizationId, seal::Sealed, stored_events};

stored_events! {
    /// What happened to a workspace.
    pub enum WorkspaceEvent {
        /// It was made.
        Created(WorkspaceCreated) = "workspace.created" @ 1,
        /// Publishing in it was paused.
        Paused(WorkspacePaused) = "workspace.paused" @ 1,
        /// Publishing in it goes on.
        Resumed(WorkspaceResumed) = "workspace.resumed" @ 1,
        /// It got another plan, or none.
        PlanSet(WorkspacePlanSet) = "workspace.plan_set" @ 1,
    }
}

/// See [`WorkspaceEvent::Created`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceCreated {
    /// The organization above it.
    pub organization_id: OrganizationId,
    /// What its people call it.
    pub name: Sealed,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`WorkspaceEvent::Paused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspacePaused {
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`WorkspaceEvent::Resumed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceResumed {
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`WorkspaceEvent::PlanSet`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspacePlanSet {
    /// The plan, by its name in the operator's configuration; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}
