//! Clients that do the same thing over and over, for a while.

use std::{sync::Arc, time::Duration};

use hdrhistogram::Histogram;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    Telling,
    figures::{Measured, microseconds},
};

/// How long it runs before anything counts, at most: caches, connections and statements get warm.
const WARM_UP: Duration = Duration::from_secs(1);
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Has so many clients do `work` (which is given the client's number) one after the other for `length`, after a tenth of
/// that that doesn't count.
///
/// # Errors
/// The first error of any of them; the others are ended.
pub(super) async fn load<F, W>(
    what: &'static str,
    clients: usize,
    length: Duration,
    telling: &dyn Telling,
    work: F,
) -> anyhow::Result<Measured>
where
    F: Fn(usize) -> W + Send + Sync + 'static,
    W: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let work = Arc::new(work);
    let from = Instant::now() + (length / 10).min(WARM_UP);
    let until = from + length;
    telling.lasts(what, length.as_millis() as u64);
    let mut running = JoinSet::new();
    for client in 0..clients.max(1) {
        let work = Arc::clone(&work);
        running.spawn(async move { over_and_over(from, until, || work(client)).await });
    }
    let mut tick = interval(TELL_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut took, mut last) = (microseconds(), from);
    loop {
        tokio::select! {
            ended = running.join_next() => {
                let Some(ended) = ended else { break };
                let (own, ended) = ended??;
                took.add(own)?;
                last = last.max(ended);
            }
            _ = tick.tick() => telling.at(from.elapsed().as_millis() as u64),
        }
    }
    let seconds = (last - from).as_secs_f64();
    let per_second = if seconds > 0.0 { took.len() as f64 / seconds } else { 0.0 };
    Ok(Measured { per_second, took })
}

/// What one client's work took, and when the last of it ended.
async fn over_and_over<W>(
    from: Instant,
    until: Instant,
    work: impl Fn() -> W,
) -> anyhow::Result<(Histogram<u64>, Instant)>
where
    W: Future<Output = anyhow::Result<()>>,
{
    let mut took = microseconds();
    let mut last = from;
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok((took, last));
        }
        work().await?;
        if began >= from {
            last = Instant::now();
            took.record((last - began).as_micros() as u64)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::bench::Silent;

    const LENGTH: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn what_is_done_before_the_start_does_not_count() {
        let done = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&done);
        let measured = load("naps", 4, LENGTH, &Silent, move |_| {
            let done = Arc::clone(&done);
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                done.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        });
        let measured = measured.await.expect("nothing fails");
        assert_eq!(measured.took.len(), 4 * 100);
        assert!(counted.load(Ordering::Relaxed) > measured.took.len(), "a second was not counted");
        assert!((measured.per_second - 40.0).abs() < 1.0, "{}", measured.per_second);
        assert!((100.0..102.0).contains(&measured.quantile_ms(0.5)), "{}", measured.quantile_ms(0.5));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_failure_ends_it() {
        let failed = load("failures", 2, LENGTH, &Silent, |client| async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            anyhow::ensure!(client != 1, "no more");
            Ok(())
        });
        assert_eq!(failed.await.unwrap_err().to_string(), "no more");
    }
}
