//! What sorts of media there are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a medium is, by its content. The names are those of MIME, and for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MediaKind {
    /// A JPEG picture.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// A PNG picture.
    #[serde(rename = "image/png")]
    Png,
    /// A GIF, which may move.
    #[serde(rename = "image/gif")]
    Gif,
    /// A WebP picture.
    #[serde(rename = "image/webp")]
    Webp,
    /// An MP4 film.
    #[serde(rename = "video/mp4")]
    Mp4,
}

impl MediaKind {
    /// Every kind there is.
    pub const ALL: [Self; 5] = [Self::Jpeg, Self::Png, Self::Gif, Self::Webp, Self::Mp4];

    /// The name of MIME.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
        }
    }

    /// What such a file's name ends in, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp4 => "mp4",
        }
    }

    /// Whether it is a film.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Mp4)
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A type that Campanile doesn't take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of image/jpeg, image/png, image/gif, image/webp and video/mp4")]
pub struct UnknownMediaKind;

impl FromStr for MediaKind {
    type Err = UnknownMediaKind;

    fn from_str(text: &str) -> Result<Self, UnknownMediaKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownMediaKind)
    }
}
