//! What a person may do in a workspace: one list.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::key::{Scope, Scopes};

/// What a person may do in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, keys and people included.
    Owner,
    /// Write, schedule and publish.
    Editor,
    /// Approve or reject what waits for it.
    Approver,
    /// Read.
    Viewer,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Editor, Self::Approver, Self::Viewer];

    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Viewer => "viewer",
        }
    }

    /// What it lets a person do, as names of scopes. Beside these an owner, and nobody else, looks after the people.
    pub const fn scope_names(self) -> &'static [&'static str] {
        match self {
            Self::Owner => &["*"],
            Self::Editor => &[
                "posts:read",
                "posts:write",
                "posts:publish",
                "posts:delete",
                "media:upload",
                "queue:read",
                "queue:write",
                "schedule:read",
                "schedule:write",
                "analytics:read",
                "connections:read",
                "feeds:read",
                "audit:read",
            ],
            Self::Approver => &[
                "posts:read",
                "posts:approve",
                "queue:read",
                "schedule:read",
                "analytics:read",
                "connections:read",
                "feeds:read",
                "audit:read",
            ],
            Self::Viewer => {
                &["posts:read", "queue:read", "schedule:read", "analytics:read", "connections:read", "feeds:read"]
            }
        }
    }

    /// The same, to be asked.
    pub fn scopes(self) -> Scopes {
        Scopes::read(self.scope_names().iter().copied()).expect("a role is made of scopes that there are")
    }

    /// Whether it lets a person do this.
    pub fn allows(self, scope: Scope) -> bool {
        self.scopes().allows(scope)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role `{0}`")]
pub struct UnknownRole(pub String);
