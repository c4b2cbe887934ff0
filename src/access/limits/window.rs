//! Fixed windows of time: everybody's begin at the same instants.

use campanile_events::key::RateLimit;
use chrono::{DateTime, Utc};

const DAY: i64 = 24 * 60 * 60;

/// A window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// A minute.
    Minute,
    /// A day, in UTC.
    Day,
}

impl Window {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Minute, Self::Day];

    /// Its name in headers and in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }

    /// How many requests a limit allows in it.
    pub const fn of(self, limit: RateLimit) -> u32 {
        match self {
            Self::Minute => limit.per_minute,
            Self::Day => limit.per_day,
        }
    }
}

/// How long the windows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The shorter one's length, in seconds.
    minute: u32,
}

impl Default for Windows {
    fn default() -> Self {
        Self { minute: 60 }
    }
}

impl Windows {
    /// Those whose minute is so long, in seconds, for tests; it has to be a part of a day.
    pub const fn with_minute(seconds: u32) -> Option<Self> {
        if seconds > 0 && DAY % seconds as i64 == 0 { Some(Self { minute: seconds }) } else { None }
    }

    /// A window's length.
    pub fn seconds(self, window: Window) -> i64 {
        match window {
            Window::Minute => self.minute.into(),
            Window::Day => DAY,
        }
    }

    /// When the one that holds `now` began.
    pub fn began(self, window: Window, now: DateTime<Utc>) -> DateTime<Utc> {
        let second = now.timestamp();
        DateTime::from_timestamp(second - second.rem_euclid(self.seconds(window)), 0).unwrap_or(now)
    }

    /// When the one that holds `now` ends.
    pub fn ends(self, window: Window, now: DateTime<Utc>) -> DateTime<Utc> {
        self.began(window, now) + chrono::Duration::seconds(self.seconds(window))
    }
}
