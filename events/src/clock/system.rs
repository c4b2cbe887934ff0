//! The machine's clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::SystemTime,
};

use chrono::{DateTime, Utc};

use super::{Clock, SharedClock, port::from_micros};

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
        let micros = WallClock.now().timestamp_micros();
        let latest = self.latest.fetch_max(micros, Ordering::AcqRel).max(micros);
        from_micros(latest)
    }
}

/// The machine's clock as it stands, also when it was set back.
#[derive(Debug, Clone, Copy)]
pub(super) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
        let wall = SystemTime::now();
        wall.into()
    }
}
