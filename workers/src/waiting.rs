//! Waiting for an instant, and for the word to stop.

use std::time::Duration;

use campanile_events::clock::Clock;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// The longest wait in one go: after it the clock is read again, so that a machine that slept or was set is noticed.
const LONGEST: Duration = Duration::from_secs(1);

/// Waits until the clock shows `at`; never returns early.
pub async fn until(clock: &dyn Clock, at: DateTime<Utc>) {
    while let Ok(left) = (at - clock.now()).to_std()
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LONGEST)).await;
    }
}

/// The word to stop, which many wait for.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A word that isn't given yet, and who gives it. Dropping that one gives it too.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (give, wait) = watch::channel(false);
        (give, Self(wait))
    }

    /// Whether it was given.
    pub fn given(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is given.
    pub async fn wait(&mut self) {
        // An error says that who could give it is gone, which is as good.
        let _ = self.0.wait_for(|given| *given).await;
    }
}
