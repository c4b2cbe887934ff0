//! What may be asked of a key.

use chrono::{DateTime, Utc};

use super::{KeyMode, RateLimit, Scopes};
use crate::{ids::WorkspaceId, seal::Sealed};

/// What is asked of a key, at `now`.
#[derive(Debug, Clone)]
pub struct KeyCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: KeyAction,
}

/// What is asked of a key.
#[derive(Debug, Clone)]
pub enum KeyAction {
    /// Make it.
    Create {
        /// The workspace that it opens.
        workspace_id: WorkspaceId,
        /// What its owner calls it.
        name: Sealed,
        /// What its owner says of it.
        description: Option<Sealed>,
        /// The first letters of its secret.
        prefix: String,
        /// What it may do.
        scopes: Scopes,
        /// What its maker may do: a key can make none beyond its own scopes.
        maker: Scopes,
        /// Which accounts it may publish to.
        mode: KeyMode,
        /// From when it no longer holds.
        expires_at: Option<DateTime<Utc>>,
        /// How many requests it may make.
        rate_limit: Option<RateLimit>,
    },
    /// Revoke it: for ever. Nothing follows for one that is revoked.
    Revoke,
}
