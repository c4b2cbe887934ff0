//! How long a batch's transaction may stand still between its two flights.
//!
//! What is done meanwhile (decide, hash, write out, send) takes the longer the larger the batch is, and on a slow machine or
//! way long enough for the server to end the session: a large append would never go in. So a large batch has longer,
//! by its size. What may be a batch of several still loses the lock before anyone who waits for it fails; only an append
//! that is larger by itself may keep others waiting for longer, if its process stops right then.

use std::time::Duration;

use super::concerns::Concerns;
use crate::{db::postgres::Limits, journal::queue::BATCH_EVENTS};

/// Bytes of payload after which a batch is full, so that it goes through well within its time limit.
pub(super) const BATCH_BYTES: usize = 4 << 20;
/// Of what a waiting process has left when a small batch's time is over, a full batch has three quarters, in thousandths.
const FULL: u128 = 750;
/// What is smaller than this part of a full batch, in thousandths, goes by the session's own limit.
const SMALL: u128 = 100;

/// What a batch needs set; `None` is the session's own limit.
pub(super) fn limit(limits: Limits, concerns: &Concerns<'_>) -> Option<Duration> {
    let (idle, lock) = (limits.idle_in_transaction?, limits.lock?);
    let part = |size: usize, full: usize| size as u128 * 1_000 / full as u128;
    let size = part(concerns.events, BATCH_EVENTS).max(part(concerns.bytes, BATCH_BYTES));
    if size < SMALL {
        return None;
    }
    let more = lock.saturating_sub(idle).as_millis() * FULL * size / 1_000_000;
    Some(idle.saturating_add(Duration::from_millis(more.try_into().unwrap_or(u64::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_batch_has_longer_and_a_full_one_less_than_others_wait() {
        let limits = Limits::default();
        let of = |events, bytes| limit(limits, &Concerns { events, bytes, ..Concerns::default() });
        let (idle, lock) = (limits.idle_in_transaction.expect("one"), limits.lock.expect("one"));
        assert_eq!(of(BATCH_EVENTS / 10 - 1, BATCH_BYTES / 11), None);
        for full in [of(BATCH_EVENTS, 0), of(0, BATCH_BYTES), of(BATCH_EVENTS, BATCH_BYTES)] {
            assert_eq!(full, Some(Duration::from_millis(2_500)));
            assert!(full.is_some_and(|full| idle < full && full < lock));
        }
        assert_eq!(of(5_000, 0), Some(Duration::from_millis(4_750)));
        assert_eq!(of(1, 3 * BATCH_BYTES), Some(Duration::from_millis(5_500)));
        let endless = limit(Limits::NONE, &Concerns { events: 5_000, ..Concerns::default() });
        assert_eq!(endless, None);
    }
}
