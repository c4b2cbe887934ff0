//! What happened to a key. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Scopes;
use crate::{ids::WorkspaceId, seal::Sealed, stored_events};

stored_events! {
    /// What happened to a key.
    pub enum KeyEvent {
        /// It was made.
        Created(KeyCreated) = "key.created" @ 1,
        /// It was revoked: for ever.
        Revoked(KeyRevoked) = "key.revoked" @ 1,
    }
}

/// Whether a key may publish to live accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMode {
    /// To all accounts.
    #[default]
    Live,
    /// To sandbox accounts only.
    Test,
}

impl KeyMode {
    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// How many requests a key may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// In a minute.
    pub per_minute: u32,
    /// In a day.
    pub per_day: u32,
}

/// See [`KeyEvent::Created`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCreated {
    /// The workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// What its owner calls it.
    pub name: Sealed,
    /// What its owner says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Sealed>,
    /// The first letters of its secret, to recognise it by.
    pub prefix: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Which accounts it may publish to.
    pub mode: KeyMode,
    /// From when it no longer holds; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// How many requests it may make; absent for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::Revoked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// When.
    pub at: DateTime<Utc>,
}
