//! `replay`: the log from its beginning, decoded.

use campanile_events::{catalog, ids::Position, journal::ReadAhead};
use tokio::time::Instant;

use super::{
    Figures, Place, Plan, Telling,
    house::House,
    lives,
    reading::{self, PAGE, Pages},
};

const EVENTS: usize = 100_000;

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let (house, store) = House::build(place, "replay").await?;
    lives::write(&house, &store, plan.events.unwrap_or(EVENTS), telling).await?;
    let events = store.journal.head().await?.position.0 as usize;
    let raw = reading::raw(store.side.as_ref(), events, telling).await?;

    telling.begins("a replay", events as u64);
    let mut pages = Pages::begin();
    let mut after = Position(0);
    let log = ReadAhead::of(&store.journal);
    loop {
        let began = Instant::now();
        let page = log.read(after, PAGE).await?;
        for event in &page {
            catalog::check_readable(event)?;
            after = event.position;
        }
        pages.read(began, page.len())?;
        telling.at(after.0);
        if page.len() < PAGE {
            break;
        }
    }
    Ok(Figures::of("replay", 1, &pages.measured(), (reading::RAW, &raw))
        .with("events", events)
        .with("quantiles_of", "pages of 1000 events")
        .with("engine", place.engine()))
}
