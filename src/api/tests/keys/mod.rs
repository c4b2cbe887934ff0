//! Keys, by what is done with them.

mod bounds;
mod changes;
mod lists;
mod rotations;
mod secrets;

use std::sync::Arc;

use axum::body::Body;
use campanile_events::clock::{ManualClock, SharedClock};

use super::fixture::{Answered, Api};

/// An engine whose clock the test moves.
async fn at_noon() -> (Api, Arc<ManualClock>) {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    (Api::start_with(Arc::clone(&clock) as SharedClock, &["api", "projector"]).await, clock)
}

async fn get_by(api: &Api, secret: &str, path: &str) -> Answered {
    api.send(Api::request_by(secret, "GET", path).body(Body::empty()).expect("a request")).await
}

fn types(history: &Answered) -> Vec<&str> {
    let events = history.body["data"].as_array().expect("events").iter();
    events.map(|event| event["type"].as_str().expect("a type")).collect()
}
