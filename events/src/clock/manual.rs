//! A clock for tests.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};

use super::{Clock, port::from_micros};

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn starting_at(start: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self { micros: AtomicI64::new(start.timestamp_micros()) })
    }

    /// Moves the clock on.
    pub fn advance(&self, by: chrono::Duration) {
        self.micros.fetch_add(by.num_microseconds().unwrap_or(i64::MAX / 2).max(0), Ordering::AcqRel);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        from_micros(self.micros.load(Ordering::Acquire))
    }
}
