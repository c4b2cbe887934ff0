//! What the tests start from.

use std::{future::Future, time::Duration};

use campanile_events::{
    clock::{Clock, SystemClock},
    db::postgres::Settings,
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{
        Actor, Append, AppendError, Expected, Journal, Metadata, NewEvent, PostgresJournal, ReadError, Recorded,
        StreamId, StreamKind, owned,
    },
};
use uuid::Uuid;

pub(crate) fn settings(url: &str) -> Settings {
    Settings::parse(url).expect("the server's address")
}

pub(crate) async fn open(url: &str) -> PostgresJournal {
    PostgresJournal::open(&settings(url)).await.expect("the journal opens")
}

pub(crate) fn post(number: u128) -> StreamId {
    StreamId::new(StreamKind::Post, Uuid::from_u128(number))
}

/// Appends `count` events to a stream that is at `version`.
pub(crate) fn append(stream: StreamId, version: u64, count: usize) -> Append {
    let event = || NewEvent {
        id: EventId::fresh(SystemClock::default().now()),
        workspace: None,
        stream,
        event_type: "post.scheduled".to_owned(),
        schema: 1,
        payload: r#"{"at":"2026-12-01T09:00:00Z"}"#.to_owned(),
        metadata: Metadata::by(Actor::engine()),
        claims: vec![],
    };
    Append {
        workspace: WorkspaceId::from(Uuid::from_u128(stream.id.as_u128() % 5 + 1)),
        expected: vec![Expected { stream, version: Version(version) }],
        events: (0..count).map(|_| event()).collect(),
        receipts: vec![],
        begins: false,
    }
}

/// The whole log, which the engine says has no hole; checked here again.
pub(crate) async fn all(journal: &dyn Journal) -> Vec<Recorded> {
    let events = loop {
        match journal.read(Position(0), 1_000_000).await {
            // A server that has just come back.
            Err(ReadError::Unavailable(_)) => tokio::task::yield_now().await,
            events => break events.expect("the log reads"),
        }
    };
    assert!((1..).zip(&events).all(|(position, event)| event.position == Position(position)), "positions are dense");
    assert!(events.is_sorted_by(|before, after| before.recorded_at < after.recorded_at));
    events
}

/// Appends for as long as the journal says that it can't now.
pub(crate) async fn persist(journal: &dyn Journal, append: Append) -> Vec<Recorded> {
    loop {
        match journal.append(append.clone()).await {
            Err(AppendError::Unavailable(_)) => tokio::task::yield_now().await,
            answer => return owned(answer.expect("the append goes in")),
        }
    }
}

/// Waits, but not for ever.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future).await.expect("in time")
}

pub(crate) const SOON: Duration = Duration::from_secs(60);
