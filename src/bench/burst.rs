//! `burst`: many targets that are due at one second.

use std::time::Duration;

use chrono::{SubsecRound, TimeDelta};

use super::{
    Figures, Place, Plan, Telling,
    figures::{Measured, microseconds},
    load::load,
    ringing::{Received, Ringing},
    rows::{self, Rows},
};

const TARGETS: usize = 20_000;
/// How long scheduling may take: so long, and so much for each target.
const LEAD: TimeDelta = TimeDelta::seconds(2);
const LEAD_EACH: TimeDelta = TimeDelta::microseconds(1_200);
/// How long the yardstick is looked at, at most.
const YARDSTICK: Duration = Duration::from_secs(5);

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let targets = plan.targets.unwrap_or(TARGETS);
    let ringing = Ringing::open(place, "burst", Received::Remembered).await?;
    let workers = ringing.house.configuration.workers;
    let rows = Rows::create(&ringing.house.configuration, &ringing.core().clock, plan.clients).await?;
    let lead = LEAD + LEAD_EACH * i32::try_from(targets)?;
    let due = (ringing.core().clock.now() + lead).trunc_subsecs(0);
    let from = ringing.schedule(&vec![due; targets], telling).await?;
    let rung = ringing.rung(from, targets, due, telling).await?;
    ringing.stop().await;

    let since_due = |at: chrono::DateTime<chrono::Utc>| (at - due).to_std().unwrap_or_default();
    let mut took = microseconds();
    for at in rung.published_at {
        took.record(since_due(at).as_micros() as u64)?;
    }
    let published = Measured { per_second: targets as f64 / since_due(rung.shown_at).as_secs_f64(), took };
    let one_row = load("one-row inserts", plan.clients, plan.length.min(YARDSTICK), telling, move |_| {
        let rows = rows.clone();
        async move { rows.insert().await }
    });
    Ok(Figures::of("burst", plan.clients, &published, (rows::ONE_ROW, &one_row.await?))
        .with("targets", targets)
        .with("workers", workers)
        .with("quantiles_of", "from due until known to be live")
        .with("bus", place.bus())
        .with("platform", place.platform())
        .with("engine", place.engine()))
}
