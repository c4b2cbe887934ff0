//! What a key is told of its limits.

use std::time::Instant;

use campanile_events::key::RateLimit;
use chrono::{DateTime, Utc};

use super::Window;

/// What is left of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many requests at least; none while another window is used up.
    pub requests: u32,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// How long it is, in seconds.
    pub seconds: i64,
}

/// A request that was counted, or refused for there is nothing left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The key's limit.
    pub limit: RateLimit,
    /// What is left of the minute.
    pub minute: Left,
    /// What is left of the day.
    pub day: Left,
    /// The window that is used up, if the request was refused: the one that ends last.
    pub refused_by: Option<Window>,
    /// When it came: what is told of it has to be as new.
    pub(super) came: Instant,
}

impl Counted {
    /// When a refused request may come again.
    pub const fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self.refused_by {
            Some(Window::Minute) => Some(self.minute.until),
            Some(Window::Day) => Some(self.day.until),
            None => None,
        }
    }
}
