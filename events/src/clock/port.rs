//! What everybody asks for the time.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

/// Gives the time, in microseconds' resolution, so that every engine stores what was decided on.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant. Never earlier than an answer given before.
    fn now(&self) -> DateTime<Utc>;

    /// Whether this node may claim work by it: one that can't be sure of the time leaves that to others.
    ///
    /// # Errors
    /// Why it may not.
    fn check(&self) -> Result<(), ClockTrouble> {
        Ok(())
    }
}

/// A clock that many share.
pub type SharedClock = Arc<dyn Clock>;

/// Why a node's time can't be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockTrouble {
    /// Either of the two is wrong, and this node can't tell which.
    #[error("this node's clock and the database's are {:.1} s apart", .0.as_secs_f64())]
    Apart(Duration),
    /// The database has not told the time for so long.
    #[error("the database's clock was last read {:.0} s ago", .0.as_secs_f64())]
    Unread(Duration),
}

pub(super) fn from_micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
