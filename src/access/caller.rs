//! Who asks.

use campanile_events::{
    ids::{KeyId, WorkspaceId},
    journal::Actor,
    key::{Key, KeyMode, Scope, Scopes},
};

/// A key that opens something, as of this request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key.
    pub key_id: KeyId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// Its state.
    pub key: std::sync::Arc<Key>,
}

impl Caller {
    /// Who stands in the events of its commands.
    pub fn actor(&self) -> Actor {
        Actor::of(self.key_id)
    }

    /// Whether it may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.key.scopes.allows(scope)
    }

    /// What it may do.
    pub fn scopes(&self) -> &Scopes {
        &self.key.scopes
    }

    /// Whether it publishes to this platform's accounts.
    pub fn may_publish_to(&self, platform: &str) -> bool {
        self.key.mode == KeyMode::Live || platform == "sandbox"
    }
}

/// Why a secret opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No secret was sent.
    #[error("no API key was sent: put it in the `Authorization` header, as `Bearer sk_…`, or in `X-API-Key`")]
    Missing,
    /// No key has this secret.
    #[error("the API key is not one of this engine")]
    Invalid,
    /// The key's time is over.
    #[error("the API key has expired")]
    Expired,
    /// The key was revoked.
    #[error("the API key was revoked")]
    Revoked,
    /// It could not be looked up now.
    #[error("the API key can't be checked now: {0}")]
    Unavailable(String),
}

impl Denied {
    /// The reason that clients branch on.
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("missing_key"),
            Self::Invalid => Some("invalid_key"),
            Self::Expired => Some("expired_key"),
            Self::Revoked => Some("revoked_key"),
            Self::Unavailable(_) => None,
        }
    }
}
