//! Fixed windows of time: everybody's begin at the same instants.

use campanile_events::key::RateLimit;
use chrono::{DateTime, Utc};

/// A window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// A minute.
    Minute,
    /// A day, in UTC.
    Day,
}

impl Window {
    /// Its name in headers and in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }

    /// Its length.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Day => 24 * 60 * 60,
        }
    }

    /// When the one that holds `now` began.
    pub fn began(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let second = now.timestamp();
        DateTime::from_timestamp(second - second.rem_euclid(self.seconds()), 0).unwrap_or(now)
    }

    /// When the one that holds `now` ends.
    pub fn ends(self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.began(now) + chrono::Duration::seconds(self.seconds())
    }

    /// How many requests a limit allows in it.
    pub const fn of(self, limit: RateLimit) -> u32 {
        match self {
            Self::Minute => limit.per_minute,
            Self::Day => limit.per_day,
        }
    }

    /// How many requests are taken from the table at once: few enough that a crash costs little, enough that the table is
    /// written once in a hundred requests.
    pub(super) fn share(self, limit: u32) -> u32 {
        let part = match self {
            Self::Minute => limit / 8,
            Self::Day => limit / 100,
        };
        part.clamp(1, 1_000)
    }
}
