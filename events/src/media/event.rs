//! What happened to a medium. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::MediaKind;
use crate::{seal::Sealed, stored_events};

stored_events! {
    /// What happened to a medium.
    pub enum MediaEvent {
        /// It was announced.
        Requested(MediaRequested) = "media.requested" @ 1,
        /// Its content was read, and is what was announced.
        Confirmed(MediaConfirmed) = "media.confirmed" @ 1,
    }
    claims = |_event| Vec::new();
}

/// Width and height, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// See [`MediaEvent::Requested`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRequested {
    /// What the client calls the file.
    pub file_name: Sealed,
    /// What it says to be.
    pub kind: MediaKind,
    /// How long it says to be, in bytes.
    pub bytes: u64,
    /// What somebody reads who can't see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<Sealed>,
    /// Until when its bytes may be given.
    pub expires_at: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`MediaEvent::Confirmed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaConfirmed {
    /// A keyed digest of the bytes: who sends them checks that they are still these.
    pub digest: String,
    /// Width and height, where they could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// When.
    pub at: DateTime<Utc>,
}
