//! Why a medium refuses a command.

use super::MediaKind;

/// Why a medium refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// There is no such medium.
    #[error("there is no such media")]
    NotFound,
    /// It was announced already.
    #[error("the media exists already")]
    Exists,
    /// It is something else than was announced.
    #[error("the content is {actual}, not {declared}")]
    OtherKind {
        /// What was announced.
        declared: MediaKind,
        /// What it is.
        actual: MediaKind,
    },
    /// It is longer or shorter than was announced.
    #[error("the content has {actual} bytes, not {declared}")]
    OtherLength {
        /// What was announced.
        declared: u64,
        /// What it is.
        actual: u64,
    },
    /// It was confirmed with other content.
    #[error("the media was confirmed with other content")]
    Changed,
}
