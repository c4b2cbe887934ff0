//! What the cases start from: a log, and appends to it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Engine;
use crate::{
    clock::{ManualClock, SharedClock},
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{
        Actor, Append, AppendError, Claim, Expected, Head, Journal, Metadata, NewEvent, NewReceipt, Recorded, StreamId,
        StreamKind, owned,
    },
};

/// One case's log.
pub(super) struct Log {
    engine: Arc<dyn Engine>,
    name: &'static str,
    pub(super) clock: Arc<ManualClock>,
    pub(super) journal: Arc<dyn Journal>,
}

impl Log {
    pub(super) async fn open(engine: Arc<dyn Engine>, name: &'static str) -> Self {
        let clock = ManualClock::starting_at(start());
        let journal = engine.open(name, clock.clone()).await;
        Self { engine, name, clock, journal }
    }

    /// Lets go of the journal without closing it and opens the log again.
    pub(super) async fn reopen(self) -> Self {
        let Self { engine, name, clock, journal } = self;
        drop(journal);
        let journal = engine.open(name, clock.clone()).await;
        Self { engine, name, clock, journal }
    }

    /// Another log of the same engine.
    pub(super) async fn beside(&self, name: &'static str) -> Self {
        Self::open(Arc::clone(&self.engine), name).await
    }

    /// Appends what must go in.
    pub(super) async fn put(&self, append: Append) -> Vec<Recorded> {
        owned(self.journal.append(append).await.expect("the append goes in"))
    }

    /// Appends what must not go in, and checks that the log is as it was.
    pub(super) async fn refuse(&self, append: Append) -> AppendError {
        let before = self.head().await;
        let answer = self.journal.append(append).await;
        assert_eq!(self.head().await, before, "a refused append changes nothing");
        answer.expect_err("the append is refused")
    }

    /// The time that the log goes by.
    pub(super) async fn now(&self) -> DateTime<Utc> {
        let clock: SharedClock = self.clock.clone();
        self.engine.now(&clock).await
    }

    pub(super) async fn head(&self) -> Head {
        self.journal.head().await.expect("the head reads")
    }

    /// The whole log; that it has no hole is the engine's to say, and is checked here again.
    pub(super) async fn all(&self) -> Vec<Recorded> {
        let events = self.journal.read(Position(0), 1_000_000).await.expect("the log reads");
        for (position, event) in (1..).zip(&events) {
            assert_eq!(event.position, Position(position), "positions are dense");
        }
        assert_eq!(self.head().await.position, Position(events.len() as u64), "the head is the last event");
        events
    }
}

/// Where the cases' clock stands at first.
pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_115_600, 0).expect("the start is a time")
}

pub(super) fn workspace(number: u128) -> WorkspaceId {
    WorkspaceId::from(Uuid::from_u128(number))
}

pub(super) fn post(number: u128) -> StreamId {
    StreamId::new(StreamKind::Post, Uuid::from_u128(number))
}

pub(super) fn event(stream: StreamId) -> NewEvent {
    NewEvent {
        id: EventId::fresh(start()),
        workspace: None,
        stream,
        event_type: "post.scheduled".to_owned(),
        schema: 1,
        payload: r#"{"at":"2026-12-01T09:00:00Z"}"#.to_owned(),
        metadata: Metadata::by(Actor::engine()),
        claims: vec![],
    }
}

/// Appends `count` events to a stream of workspace 1 that is at `version`.
pub(super) fn append(stream: StreamId, version: u64, count: usize) -> Append {
    Append {
        workspace: workspace(1),
        expected: vec![Expected { stream, version: Version(version) }],
        events: (0..count).map(|_| event(stream)).collect(),
        receipts: vec![],
        begins: false,
    }
}

/// An append of one event with claims.
pub(super) fn claiming(stream: StreamId, version: u64, claims: Vec<Claim>) -> Append {
    let mut append = append(stream, version, 1);
    append.events[0].claims = claims;
    append
}

pub(super) fn receipt(key: &str, resource: StreamId) -> NewReceipt {
    NewReceipt { key: key.to_owned(), request_digest: vec![0, 1, 255], status: 201, resource, sealed: None }
}

/// Chance that is the same in every run.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`.
    pub(super) const fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    /// Lets others go first, a few times.
    pub(super) async fn pause(&mut self) {
        for _ in 0..self.below(8) {
            tokio::task::yield_now().await;
        }
    }
}
