//! What is written, and thrown away, in batches rather than with each request.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::SharedClock,
    journal::{Journal, ReadError},
};
use campanile_workers::media::Library;
use tokio::sync::watch;

use crate::access::{Access, People};

const PAUSE: Duration = Duration::from_secs(10);
/// How long a request can be sent again: as promised, and an hour for clocks that differ.
const RECEIPTS_KEPT: chrono::Duration = chrono::Duration::hours(25);
/// Well below the time after which other nodes don't wait for this one any more.
const PEPPERS: Duration = Duration::from_secs(5);
const SWEEP: Duration = Duration::from_secs(3600);
/// Few enough that no append waits long behind them.
const AT_ONCE: usize = 1_000;

/// Writes when keys were last used and what was refused to them, and gives back what they left of their limits, until told to stop; then once more.
pub(super) async fn write_usage(access: Access, clock: SharedClock, mut stop: watch::Receiver<bool>) {
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = access.usage().write().await {
            tracing::warn!(%error, "the keys' last uses were not written");
        }
        if let Err(error) = access.refusals().write().await {
            tracing::warn!(%error, "what was refused to keys was not written");
        }
        if let Err(error) = access.limits().settle(clock.now(), stopped).await {
            tracing::warn!(%error, "what keys left of their limits was not given back");
        }
        if stopped {
            access.retire().await;
            return;
        }
    }
}

/// Looks every so often for new peppers, and for those that other nodes use, until told to stop.
pub(super) async fn watch_peppers(access: Access, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PEPPERS) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = access.verifiers().look().await {
            tracing::warn!(%error, "the peppers of keys can't be compared");
        }
    }
}

/// Forgets receipts that nobody can ask for any more, now and every hour, until told to stop.
pub(super) async fn forget_receipts(journal: Arc<dyn Journal>, clock: SharedClock, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = sweep(&*journal, &clock, &stop).await {
            tracing::warn!(%error, "old receipts were not forgotten");
        }
        let stopped = tokio::select! {
            () = tokio::time::sleep(SWEEP) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if stopped {
            return;
        }
    }
}

async fn sweep(journal: &dyn Journal, clock: &SharedClock, stop: &watch::Receiver<bool>) -> Result<(), ReadError> {
    let before = clock.now() - RECEIPTS_KEPT;
    while journal.forget_receipts(before, AT_ONCE).await? == AT_ONCE && !*stop.borrow() {
        // Appends that wait meanwhile go first.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Takes away the bytes that nobody confirmed in time, now and every hour, until told to stop.
pub(super) async fn forget_unconfirmed(library: Library, clock: SharedClock, mut stop: watch::Receiver<bool>) {
    let mut since = None;
    loop {
        tokio::select! {
            done = library.forget_unconfirmed(&mut since, clock.now()) => match done {
                Ok(0) => {}
                Ok(media) => tracing::info!(media, "unconfirmed uploads were taken away"),
                Err(error) => tracing::warn!(%error, "unconfirmed uploads were not taken away"),
            },
            _ = stop.wait_for(|stop| *stop) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Forgets what was refused to keys long ago, and windows of limits that are long over, now and every hour, until told to
/// stop.
pub(super) async fn forget_refusals(access: Access, clock: SharedClock, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = access.refusals().forget(clock.now()).await {
            tracing::warn!(%error, "what was refused to keys long ago was not forgotten");
        }
        if let Err(error) = access.limits().forget(clock.now()).await {
            tracing::warn!(%error, "windows of limits that are long over were not forgotten");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Forgets sessions, links and attempts to sign in whose time is over, now and every hour, until told to stop.
pub(super) async fn forget_people(people: People, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = people.forget().await {
            tracing::warn!(%error, "sessions whose time is over were not taken away");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
