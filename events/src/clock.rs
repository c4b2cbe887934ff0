//! The clock that decisions go by. The system's never runs back within a process; tests move theirs by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::SystemTime,
};

use chrono::{DateTime, Utc};

/// Gives the time, in microseconds' resolution, so that every engine stores what was decided on.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant. Never earlier than an answer given before.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that many share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock, held still while it is set back.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl SystemClock {
    /// A clock ready to be shared.
    pub fn shared() -> SharedClock {
        Arc::new(Self::default())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
        let wall = SystemTime::now();
        let micros = DateTime::<Utc>::from(wall).timestamp_micros();
        let latest = self.latest.fetch_max(micros, Ordering::AcqRel).max(micros);
        from_micros(latest)
    }
}

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

fn from_micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
