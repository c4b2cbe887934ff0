//! What goes wrong with a post.

use std::time::Duration;

/// What the server does with the next picture or film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaMood {
    /// It is refused with this status.
    Status(u16),
    /// It is taken with 202, and not done for so many questions.
    InProcess(usize),
}

/// What the server does with the next request to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteMood {
    /// 429, without an effect.
    TooMany {
        /// Seconds in `Retry-After`.
        retry_after: u64,
    },
    /// It is refused with this status.
    Status(u16),
    /// The status is deleted, then the connection is reset.
    ResetAfter,
}

/// What the server does with the next post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// 503 from before the application, without an effect.
    Unavailable {
        /// Seconds in `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 429, without an effect.
    TooMany {
        /// Seconds in `Retry-After`.
        retry_after: u64,
    },
    /// The post is made, then the connection is reset.
    ResetAfter,
    /// The connection is reset, and no post is made.
    ResetBefore,
    /// Nothing is answered for so long, and no post is made.
    Hang(Duration),
    /// The post is made, nothing is answered for so long.
    HangAfter(Duration),
    /// The post is made, and a proxy answers 502.
    BadGatewayAfter,
    /// 401.
    Unauthorized,
    /// The post is made, and the answer is a 200 that isn't JSON.
    Garbage,
    /// The post is made, its key is stored only after so long, and the connection is reset.
    KeyStoredLate(Duration),
}
