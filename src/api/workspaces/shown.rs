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
    /// The name of its plan; `null` for none.
    #[schema(required = true)]
    pub plan: Option<String>,
    /// When it was made.
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
}

/// The plan of a workspace, and what is used of it.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// The features that it lacks: asked for, they are refused with `payment_required`.
    pub lacks: Vec<String>,
    /// What a calendar month (UTC) holds.
    pub quotas: Vec<Quota>,
}

/// A quota of a plan: used up, it is refused with `quota_exceeded`.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct Quota {
    /// Its name: `posts_per_month` or `media_bytes_per_month`.
    pub quota: String,
    /// How much a month holds.
    pub limit: u64,
    /// How much of it is used. Greater than `limit` where the plan was greater.
    pub used: u64,
    /// When the next month begins.
    #[schema(format = DateTime)]
    pub resets_at: String,
}
