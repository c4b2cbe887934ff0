//! Who asks, for the API's description.

use utoipa::ToSchema;

use crate::api::{
    auth::shown::OwnPerson,
    openapi::{GrantedScope, KeyModeName, KeyRef, RoleName, SessionRef, WorkspaceRef},
    workspaces::shown::{Plan, Workspace},
};

/// Who asks, and what they may do: a key, or a person.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(untagged)]
pub enum Me {
    /// A key.
    Key(KeyItself),
    /// A person who is signed in.
    Person(PersonThemself),
}

/// The key that asks, and what it may do.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct KeyItself {
    /// What it is.
    #[serde(rename = "type")]
    #[schema(pattern = "^key$")]
    pub kind: String,
    /// The key.
    pub key: OwnKey,
    /// The workspace that it opens.
    #[schema(value_type = WorkspaceRef)]
    pub workspace_id: String,
    /// Since when nothing is sent there; `null` while it publishes.
    #[schema(required = true, format = DateTime)]
    pub paused_at: Option<String>,
    /// The workspace's plan; `null` where none limits it.
    #[schema(required = true)]
    pub plan: Option<Plan>,
    /// What it may do.
    #[schema(value_type = Vec<GrantedScope>)]
    pub scopes: Vec<String>,
}

/// The key that asks.
#[derive(Debug, serde::Serialize, ToSchema)]
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

/// The person who asks, and what they may do.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct PersonThemself {
    /// What they are.
    #[serde(rename = "type")]
    #[schema(pattern = "^person$")]
    pub kind: String,
    /// Who.
    pub person: OwnPerson,
    /// Their session.
    pub session: OwnSession,
    /// The workspace that they named, or their only one; `null` where they have several and named none, or have none.
    #[schema(required = true, value_type = Option<WorkspaceRef>)]
    pub workspace_id: Option<String>,
    /// What they are there.
    #[schema(required = true, value_type = Option<RoleName>)]
    pub role: Option<String>,
    /// Since when nothing is sent there; `null` while it publishes.
    #[schema(required = true, format = DateTime)]
    pub paused_at: Option<String>,
    /// The workspace's plan; `null` where none limits it.
    #[schema(required = true)]
    pub plan: Option<Plan>,
    /// What they may do there.
    #[schema(value_type = Vec<GrantedScope>)]
    pub scopes: Vec<String>,
    /// The workspaces that are open to them.
    pub workspaces: Vec<Workspace>,
}

/// The session that asks.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct OwnSession {
    /// Its id.
    #[schema(value_type = SessionRef)]
    pub id: String,
    /// Until when it holds if it isn't used.
    #[schema(format = DateTime)]
    pub expires_at: String,
}
