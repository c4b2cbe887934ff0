//! `replay`: the log from its beginning, decoded.

use campanile_events::{catalog, ids::Position, journal::ReadAhead};
use tokio::time::Instant;

use super::{
    Figures, Place, Plan, Telling,
    cursor::{self, CURSOR},
    figures::Measured,
    house::House,
    lives,
    reading::{self, PAGE, Pages},
};
use crate::engine::Store;

const EVENTS: usize = 100_000;

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let (house, store) = House::build(place, "replay").await?;
    lives::write(&house, &store, plan.events.unwrap_or(EVENTS), telling).await?;
    let events = store.journal.head().await?.position.0 as usize;
    let raw = reading::raw(store.side.as_ref(), events, telling).await?;
    let by_cursor = cursor::raw(&store, house.configuration.folder.database.as_ref(), events, telling).await?;
    let replayed = replayed(&store, events, telling).await?;
    let held = if house.configuration.folder.database.is_some() {
        let figures = Figures::of("replay", 1, &replayed, (CURSOR, &by_cursor));
        figures.against("range", reading::RAW, &raw)
    } else {
        // Nobody takes the cursor's values there, nor knows of its pages: a read that hands nothing over is no yardstick for
        // one that does.
        let figures = Figures::of("replay", 1, &replayed, (reading::RAW, &raw));
        figures.against("cursor", CURSOR, &Measured::rate(by_cursor.per_second))
    };
    Ok(held.with("events", events).with("quantiles_of", "pages of 1000 events").with("engine", place.engine()))
}

async fn replayed(store: &Store, events: usize, telling: &dyn Telling) -> anyhow::Result<Measured> {
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
            return Ok(pages.measured());
        }
    }
}
