//! What is searched, and what must hold in each state.

use std::time::Instant;

use campanile_events::post::{Delivery, Step};

use super::{
    search::{Searched, search},
    state::{Bounds, State},
};
use crate::post_world::{Platform, content, lie, scheduled, start};

const BOUNDS: Bounds = Bounds { attempts: 3, crashes: 2, faults: 1, wishes: 0, takes: 0 };
const HOUR: u64 = 3_600_000;
/// How long a keyed platform may take to store a key.
const QUIET: i64 = 60;
/// How long after a request may have left its absence means nothing yet.
const SETTLE: i64 = 120;
const DAYS: i64 = 2 * 86_400;

fn keyed(window_ms: Option<u64>, searchable: bool) -> Delivery {
    Delivery::Keyed { window_ms, quiet_ms: QUIET as u64 * 1000, searchable }
}

/// The first promise that doesn't hold.
fn broken(state: &State) -> Option<String> {
    let (post, platform) = (&state.post, &state.platform);
    let most = state.crashes + state.faults;
    if let Some(lie) = lie(post, platform) {
        return Some(lie);
    }
    let landed = |step: &Step| {
        platform.flights.iter().any(|it| it.step == *step && it.made.is_some() && it.effect_at <= state.now)
    };
    if let Some(step) = state.target().done.keys().find(|step| !landed(step)) {
        return Some(format!("{step} is taken for live before it is"));
    }
    if state.unintended {
        return Some("sent without a durable intent of the newest attempt".to_owned());
    }
    (state.unknowns > most).then(|| format!("{} times unknown after {most} crashes and faults", state.unknowns))
}

fn search_all(name: &str, thread: &[&str], delivery: Delivery, bounds: Bounds) -> Searched {
    let began = Instant::now();
    let (post, _) = scheduled(content("one", thread, None));
    let searched = search(State::new(post, start(), Platform::new(delivery)), bounds, broken);
    let Searched { states, moves, finals, .. } = &searched;
    println!("record: {name}: {states} states, {moves} moves, {finals} ends, {:.1} s", began.elapsed().as_secs_f32());
    searched
}

fn holds(name: &str, thread: &[&str], delivery: Delivery, bounds: Bounds) {
    let searched = search_all(name, thread, delivery, bounds);
    assert!(searched.wrong.is_none(), "{name}: {}", searched.wrong.unwrap_or_default());
    assert!(searched.finals > 0 && searched.states > 1_000, "{name}: {searched:?}");
}

#[test]
fn keyed_for_good() {
    holds("keyed for good", &[], keyed(None, false), Bounds { takes: QUIET, ..BOUNDS });
}

#[test]
fn keyed_for_an_hour_then_searchable() {
    holds("keyed for an hour", &[], keyed(Some(HOUR), true), Bounds { takes: QUIET, ..BOUNDS });
}

#[test]
fn searchable_while_no_request_outlives_the_settle_time() {
    holds("searchable", &[], Delivery::Searchable, Bounds { takes: SETTLE, ..BOUNDS });
}

#[test]
fn blind_however_late_an_effect_is() {
    holds("blind", &[], Delivery::Blind, Bounds { takes: DAYS, ..BOUNDS });
}

/// In smaller bounds: a thread of two, and a client that calls it off or asks for what failed once more.
#[test]
fn a_thread_and_a_client_that_interferes() {
    let small = Bounds { attempts: 2, crashes: 1, wishes: 1, ..BOUNDS };
    holds("a thread, keyed", &["two"], keyed(None, false), Bounds { takes: QUIET, ..small });
    holds("a thread, searchable", &["two"], Delivery::Searchable, Bounds { takes: SETTLE, wishes: 0, ..small });
    holds("a thread, blind", &["two"], Delivery::Blind, Bounds { takes: DAYS, ..small });
}

/// What no engine can know, the search finds: so it would find the same in an engine that should have known.
#[test]
fn what_a_platform_does_not_keep_to_shows() {
    for (name, delivery, takes) in [
        ("searchable, past the second look", Delivery::Searchable, SETTLE + 61),
        ("keyed, past the quiet time", keyed(None, false), QUIET + 31),
    ] {
        let searched = search_all(name, &[], delivery, Bounds { takes, ..BOUNDS });
        let wrong = searched.wrong.expect("a second post, or one that is taken for lost");
        assert!(wrong.contains("live 2 times") || wrong.contains("takes it for"), "{name}: {wrong}");
    }
}
