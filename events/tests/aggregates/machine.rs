//! Any commands, any events.

use campanile_events::stored::StoredEvent;
use cqrs_es::{Aggregate, event_sink::EventSink};
use futures::FutureExt;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// What every aggregate here is.
pub trait Machine:
    Aggregate<Event: StoredEvent + PartialEq, Command: Clone, Error: std::fmt::Debug>
    + std::fmt::Debug
    + Clone
    + PartialEq
    + Serialize
    + DeserializeOwned
{
}

impl<A> Machine for A where
    A: Aggregate<Event: StoredEvent + PartialEq, Command: Clone, Error: std::fmt::Debug>
        + std::fmt::Debug
        + Clone
        + PartialEq
        + Serialize
        + DeserializeOwned
{
}

/// Gives an aggregate one command after another. Nothing follows from one that is refused; what follows is stored, and read
/// again gives the state in hand; and whatever `holds` says of the state before and after.
pub fn ask_in_turn<A: Machine>(
    commands: Vec<A::Command>,
    services: &A::Services,
    holds: impl Fn(&A, &A, &A::Command, &[A::Event]) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let (mut in_hand, mut stored) = (A::default(), A::default());
    for command in commands {
        let (before, sink) = (in_hand.clone(), EventSink::default());
        let outcome = in_hand.handle(command.clone(), services, &sink).now_or_never().expect("a decision never waits");
        let events = sink.collect().now_or_never().expect("a sink never waits");
        if outcome.is_err() {
            prop_assert!(events.is_empty() && in_hand == before, "refused, and something followed");
        }
        for event in &events {
            stored.apply(reread(event)?);
        }
        prop_assert!(stored == in_hand, "{stored:?} was stored, {in_hand:?} is in hand");
        prop_assert!(reread_state(&in_hand) == in_hand, "{in_hand:?} does not read as it is written");
        holds(&before, &in_hand, &command, &events)?;
    }
    Ok(())
}

/// Applies any events in any order: nothing panics, and the state reads as it is written.
pub fn apply_in_turn<A: Machine>(history: Vec<A::Event>, look: impl Fn(&A)) -> Result<(), TestCaseError> {
    let mut state = A::default();
    for event in history {
        state.apply(event);
        prop_assert!(reread_state(&state) == state, "{state:?} does not read as it is written");
        look(&state);
    }
    Ok(())
}

/// An event, stored and read.
pub fn reread<E: StoredEvent + PartialEq>(event: &E) -> Result<E, TestCaseError> {
    let payload = event.payload().expect("json");
    let read = E::read(event.name(), event.schema(), &payload).expect("an event reads");
    prop_assert!(read == *event, "{read:?} was read, {event:?} was written");
    Ok(read)
}

fn reread_state<A: Machine>(state: &A) -> A {
    serde_json::from_str(&serde_json::to_string(state).expect("json")).expect("a state")
}
