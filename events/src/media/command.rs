//! What may be asked of a medium.

use chrono::{DateTime, Utc};

use super::{MediaKind, Size};
use crate::seal::Sealed;

/// What is asked of a medium, at `now`.
#[derive(Debug, Clone)]
pub struct MediaCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: MediaAction,
}

/// What is asked of a medium.
#[derive(Debug, Clone)]
pub enum MediaAction {
    /// Announce it.
    Request {
        /// What the client calls the file.
        file_name: Sealed,
        /// What it says to be.
        kind: MediaKind,
        /// How long it says to be, in bytes.
        bytes: u64,
        /// What somebody reads who can't see it.
        alt_text: Option<Sealed>,
        /// Until when its bytes may be given.
        expires_at: DateTime<Utc>,
    },
    /// Its bytes are there and were read.
    Confirm(Content),
}

/// What a medium's bytes turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What they are.
    pub kind: MediaKind,
    /// How many.
    pub bytes: u64,
    /// A keyed digest of them.
    pub digest: String,
    /// Width and height, where they could be read.
    pub size: Option<Size>,
}
