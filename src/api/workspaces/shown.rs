//! What answers about workspaces hold, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::WorkspaceRef;

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
