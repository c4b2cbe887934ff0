//! Waiting for something to become true.

use std::time::{Duration, Instant};

use campanile_events::clock::SystemClock;
use chrono::{DateTime, Utc};

/// Long enough for anything that isn't told to wait, on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);
/// How often is looked.
const PAUSE: Duration = Duration::from_millis(15);

/// Looks until there is something, and panics with what was seen last when the time is over.
pub async fn eventually<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => {
                assert!(begun.elapsed() < limit, "not within {limit:?}: {what}; seen last: {seen}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The time that the machine's other programs see, too.
pub fn now() -> DateTime<Utc> {
    SystemClock::shared().now()
}

/// Lets time pass until a moment: for what a test does at a moment of its own choice.
pub async fn until(moment: DateTime<Utc>) {
    // A moment that is over needs no waiting.
    let left = (moment - now()).to_std().unwrap_or_default();
    tokio::time::sleep(left).await;
}
