//! `rebuild`: every read model from the beginning of the log.

use campanile_projections::runner::Progress;
use tokio::time::Instant;

use super::{
    Figures, Place, Plan, Telling,
    house::House,
    lives,
    reading::{self, Pages},
};
use crate::{
    configuration::{Configuration, Role, Roles},
    engine::{Engine, PATIENCE},
};

const EVENTS: usize = 20_000;

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let (house, store) = House::build(place, "rebuild").await?;
    lives::write(&house, &store, plan.events.unwrap_or(EVENTS), telling).await?;
    let events = store.journal.head().await?.position.0 as usize;
    let raw = reading::raw(store.side.as_ref(), events, telling).await?;
    drop(store);

    // Nobody else brings the read models forward.
    let configuration = Configuration { roles: Roles::only([Role::Api]), ..house.configuration };
    let engine = Engine::open(&configuration).await?;
    let runner = &engine.core().runner;
    telling.begins("a rebuild", events as u64);
    let mut pages = Pages::begin();
    let mut at = runner.position().0;
    loop {
        let began = Instant::now();
        match runner.run_once().await? {
            Progress::Moved => {}
            Progress::Idle => break,
            Progress::Elsewhere => anyhow::bail!("somebody else brings these read models forward"),
        }
        let moved = runner.position().0;
        pages.read(began, (moved - at) as usize)?;
        at = moved;
        telling.at(at);
    }
    anyhow::ensure!(at as usize == events, "the read models stand at {at} of {events} events");
    engine.drain(PATIENCE).await;
    Ok(Figures::of("rebuild", 1, &pages.measured(), (reading::RAW, &raw))
        .with("events", events)
        .with("quantiles_of", "batches as they are committed")
        .with("engine", place.engine()))
}
