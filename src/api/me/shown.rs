//! Who asks, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::{GrantedScope, KeyModeName, KeyRef, WorkspaceRef};

/// Who asks, and what it may do.
#[derive(Debug, ToSchema)]
pub struct Me {
    /// What it is.
    #[schema(rename = "type", pattern = "^key$")]
    pub kind: String,
    /// The key.
    pub key: OwnKey,
    /// The workspace that it opens.
    #[schema(value_type = WorkspaceRef)]
    pub workspace_id: String,
    /// Since when nothing is sent there; `null` while it publishes.
    #[schema(required = true, format = DateTime)]
    pub paused_at: Option<String>,
    /// What it may do.
    #[schema(value_type = Vec<GrantedScope>)]
    pub scopes: Vec<String>,
}

/// The key that asks.
#[derive(Debug, ToSchema)]
pub struct OwnKey {
    /// Its id.
    #[schema(value_type = KeyRef)]
    pub id: String,
    /// What its makers call it.
    pub name: String,
    /// How its secret begins.
    pub prefix: String,
    /// Whether it may publish to live accounts.
    #[schema(value_type = KeyModeName)]
    pub mode: String,
    /// When its time is over.
    #[schema(required = true, format = DateTime)]
    pub expires_at: Option<String>,
}
