//! `precision`: how long after its due time a call starts.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    time::Duration,
};

use anyhow::Context;
use campanile_events::random;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::{task::JoinSet, time::Instant};

use super::{
    Figures, Place, Plan, Telling,
    figures::{Measured, microseconds},
    ringing::{self, Received, Ringing},
};

const TARGETS: usize = 200;
const LEAD: TimeDelta = TimeDelta::seconds(3);
const TIMERS: &str = "bare timers at as many random moments";

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let targets = plan.targets.unwrap_or(TARGETS);
    let ringing = Ringing::open(place, "precision", Received::Written).await?;
    let first = ringing.core().clock.now() + LEAD;
    let spread = plan.length.as_millis() as f64;
    // To the millisecond, as clients say it.
    let moment = |_| first + TimeDelta::milliseconds((random::unit() * spread) as i64);
    let due: Vec<_> = (0..targets).map(moment).collect();
    let last = due.iter().max().copied().unwrap_or(first);
    let from = ringing.schedule(&due, telling).await?;
    ringing.rung(from, targets, last, telling).await?;
    let received = received(&ringing.stop().await)?;
    let (mut took, mut early, mut called) = (microseconds(), 0_u64, first);
    for (number, due) in due.iter().enumerate() {
        let at = received.get(&ringing::text(number)).context("a post that nobody received")?;
        early += u64::from(at < due);
        called = called.max(*at);
        took.record((*at - *due).num_microseconds().unwrap_or_default().max(0) as u64)?;
    }
    let calls = Measured { per_second: rate(targets, (called - first).to_std().unwrap_or_default()), took };
    let timers = timers(targets, plan.length, telling).await?;
    // Nobody calls for them: they come by themselves, one after the other.
    Ok(Figures::of("precision", 1, &calls, (TIMERS, &timers))
        .with("yardstick_p50_ms", timers.quantile_ms(0.5))
        .with("yardstick_p99_ms", timers.quantile_ms(0.99))
        .with("early", early)
        .with("targets", targets)
        .with("quantiles_of", "from due until the platform has the call")
        .with("bus", place.bus())
        .with("platform", place.platform())
        .with("engine", place.engine()))
}

/// When each text came.
fn received(file: &Path) -> anyhow::Result<HashMap<String, DateTime<Utc>>> {
    let (mut at, mut texts) = (HashMap::new(), HashMap::new());
    for line in BufReader::new(std::fs::File::open(file)?).lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        match record["record"].as_str() {
            Some("received") => drop(at.insert(record["seq"].as_u64(), text("received_at").parse::<DateTime<Utc>>()?)),
            Some("visible") => drop(texts.insert(record["request_seq"].as_u64(), text("text"))),
            _ => {}
        }
    }
    Ok(texts.into_iter().filter_map(|(seq, text)| Some((text, *at.get(&seq)?))).collect())
}

/// How late the runtime itself is.
async fn timers(count: usize, spread: Duration, telling: &dyn Telling) -> anyhow::Result<Measured> {
    telling.begins(TIMERS, count as u64);
    let mut running = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..count {
        let at = begun + spread.mul_f64(random::unit());
        running.spawn(async move {
            tokio::time::sleep_until(at).await;
            at.elapsed()
        });
    }
    let mut took = microseconds();
    while let Some(late) = running.join_next().await {
        took.record(late?.as_micros() as u64)?;
        telling.at(took.len());
    }
    Ok(Measured { per_second: rate(count, begun.elapsed()), took })
}

/// So many in so long; 0 of no time.
fn rate(count: usize, length: Duration) -> f64 {
    if length.is_zero() { 0.0 } else { count as f64 / length.as_secs_f64() }
}
