//! What this process holds of one key's windows.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{Taken, Window, Windows};

/// A window that others have used up is asked for again after this: they may have given something back.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

/// One key's requests.
#[derive(Debug, Default)]
pub(super) struct Counter {
    pub(super) minute: Share,
    pub(super) day: Share,
    /// When it was last used.
    pub(super) used_at: DateTime<Utc>,
}

impl Counter {
    pub(super) fn begin(&mut self, windows: Windows, now: DateTime<Utc>) {
        self.minute.begin(windows.began(Window::Minute, now));
        self.day.begin(windows.began(Window::Day, now));
        self.used_at = self.used_at.max(now);
    }

    pub(super) fn share(&mut self, window: Window) -> &mut Share {
        match window {
            Window::Minute => &mut self.minute,
            Window::Day => &mut self.day,
        }
    }
}

/// What this process holds of a window.
#[derive(Debug, Default)]
pub(super) struct Share {
    pub(super) began: DateTime<Utc>,
    /// What others hold, or held before a crash, when last seen.
    pub(super) elsewhere: u32,
    /// When the look began that saw it.
    seen: Option<Instant>,
    /// What is ours.
    pub(super) held: u32,
    /// What of it was used.
    pub(super) used: u32,
}

impl Share {
    fn begin(&mut self, began: DateTime<Utc>) {
        if self.began < began {
            *self = Self { began, ..Self::default() };
        }
    }

    pub(super) fn unused(&self) -> u32 {
        self.held.saturating_sub(self.used)
    }

    /// What was handed out to us, and of which window.
    pub(super) const fn handed(&self) -> (DateTime<Utc>, u32) {
        (self.began, self.held)
    }

    /// What may still be used, as far as is known.
    pub(super) fn left(&self, limit: u32) -> u32 {
        limit.saturating_sub(self.elsewhere).saturating_sub(self.used)
    }

    /// Whether there is no use in asking for more.
    pub(super) fn is_over(&self, limit: u32) -> bool {
        self.used >= limit || (self.left(limit) == 0 && self.seen.is_none_or(|seen| seen.elapsed() < ASKED_AGAIN))
    }

    /// Whether what others hold was seen since then.
    pub(super) fn is_seen_since(&self, then: Instant) -> bool {
        self.seen.is_some_and(|seen| seen >= then)
    }

    /// More is ours now.
    pub(super) fn add(&mut self, taken: Taken, seen: Instant) {
        self.held += taken.granted;
        self.learn(taken.in_all, seen);
    }

    /// What is held by all together, ours with it.
    pub(super) fn learn(&mut self, in_all: u32, seen: Instant) {
        self.elsewhere = in_all.saturating_sub(self.held);
        self.seen = Some(seen);
    }
}
