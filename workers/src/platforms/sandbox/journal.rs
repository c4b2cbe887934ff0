//! What the sandbox knows to be true.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What an account's delivery is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountClass {
    /// The same key makes no second post; posts can be asked for.
    Keyed,
    /// Keys mean nothing; posts can be asked for.
    Searchable,
    /// Keys mean nothing, and nothing can be asked for.
    Blind,
}

impl AccountClass {
    /// The class of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "keyed" => Some(Self::Keyed),
            "searchable" => Some(Self::Searchable),
            "blind" => Some(Self::Blind),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keyed => "keyed",
            Self::Searchable => "searchable",
            Self::Blind => "blind",
        }
    }
}

/// An account of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxAccount {
    /// Its name there.
    pub handle: String,
    /// What its delivery is worth.
    pub delivery: AccountClass,
    /// What lets one post.
    pub token: String,
}

/// A post that became visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visible {
    /// Counts all visible posts from 1.
    pub seq: u64,
    /// Whose it is.
    pub account: String,
    /// Its name on the platform: grows with each.
    pub remote_id: String,
    /// Its path on the sandbox's server.
    pub url: String,
    /// What it says.
    pub text: String,
    /// The key that came with it.
    pub marker: Option<String>,
    /// What it follows.
    pub reply_to: Option<String>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_ids: Vec<String>,
    /// Since when.
    pub visible_at: DateTime<Utc>,
    /// The request that made it.
    pub request_seq: u64,
}

/// A picture or film that was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// Its name on the platform: `m` and a number that counts all of them from 1.
    pub id: String,
    /// Whose it is.
    pub account: String,
    /// What it is.
    pub content_type: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// What somebody reads who can't see it.
    pub alt_text: Option<String>,
}

/// A post that was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Whose it was.
    pub account: String,
    /// Its name on the platform.
    pub remote_id: String,
    /// Since when it is gone.
    pub removed_at: DateTime<Utc>,
}

/// A request to post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Counts all requests from 1.
    pub seq: u64,
    /// Whose it is.
    pub account: String,
    /// The key that came with it.
    pub marker: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What was made to go wrong.
    pub fault: Option<String>,
    /// The status that was answered; `None` if the connection ended without an answer.
    pub answered: Option<u16>,
    /// The post that it made or found by its key.
    pub remote_id: Option<String>,
}

/// Everything that the sandbox knows to be true.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SandboxJournal {
    /// What became visible, in order.
    pub visible: Vec<Visible>,
    /// What was received, in order.
    pub requests: Vec<Received>,
    /// What was brought to be shown, in order.
    #[serde(default)]
    pub uploads: Vec<Uploaded>,
    /// What was taken away again, in order: it stays among what became visible.
    #[serde(default)]
    pub removed: Vec<Removed>,
}
