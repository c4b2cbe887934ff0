//! What the suite asks of an engine's tests.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{clock::SharedClock, journal::Journal};

/// Opens logs of one engine.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Opens the log of this name, of small letters and underscores: an empty one the first time; after that the same
    /// one again, with a journal of its own, as a process does that starts after another was killed.
    async fn open(&self, log: &str, clock: SharedClock) -> Arc<dyn Journal>;

    /// The time that this engine's logs go by: the clock they were opened with, or the database's own.
    async fn now(&self, clock: &SharedClock) -> DateTime<Utc> {
        clock.now()
    }
}
