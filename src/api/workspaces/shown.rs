//! What answers about workspaces hold, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::{RoleName, WorkspaceRef};

/// Whether a workspace is paused.
#[derive(Debug, ToSchema)]
pub struct Pause {
    /// The workspace.
    #[schema(value_type = WorkspaceRef)]
    pub id: String,
    /// Since when nothing is sent; `null` while it publishes.
    #[schema(required = true, format = DateTime)]
    pub paused_at: Option<String>,
}

/// A workspace, as a person sees it who may enter.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct Workspace {
    /// Its id.
    #[schema(value_type = WorkspaceRef)]
    pub id: String,
    /// What its people call it.
    pub name: String,
    /// What they are there.
    #[schema(value_type = RoleName)]
    pub role: String,
    /// Since when nothing is sent; `null` while it publishes.
    #[schema(required = true, format = DateTime)]
    pub paused_at: Option<String>,
    /// When it was made.
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
}
