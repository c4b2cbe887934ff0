//! What comes out is what went in.

use uuid::Uuid;

use super::given::{Log, append, event, post, workspace};
use crate::{
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{Actor, Append, Claim, Expected, Metadata, Moved, ReadError, StreamId, StreamKind, owned},
};

pub(super) async fn events_read_as_they_were_acknowledged(log: Log) {
    // Keys twice and out of order, spaces, numbers past a double: a payload is bytes.
    let payloads =
        [r#"{ "b":1, "a":2,"a" : 12345678901234567890123, "c":1.50, "d":"\u00e9é💥" }"#, "", "not json", "\u{feff}{}"];
    let mut wanted = Vec::new();
    for (kind, number) in StreamKind::ALL.into_iter().zip(1..) {
        let stream = StreamId::new(kind, Uuid::from_u128(number));
        let mut new = event(stream);
        new.payload = payloads[number as usize % payloads.len()].to_owned();
        new.event_type = format!("{kind}.changed");
        new.schema = u16::MAX;
        new.metadata = Metadata {
            actor: Actor::of("key_ü"),
            request_id: Some("req_1".to_owned()),
            causation: Some(EventId::from(Uuid::from_u128(5))),
            correlation: Some(Uuid::from_u128(6)),
            counted: None,
        };
        new.claims = vec![Claim::take("slug", format!("{kind}'\"ü")), Claim::release("slug", "other")];
        let expected = vec![Expected { stream, version: Version(0) }];
        // The first has no workspace, as what belongs to the whole engine.
        let workspace = if number == 1 { WorkspaceId::default() } else { workspace(number) };
        let recorded =
            log.put(Append { workspace, expected, events: vec![new.clone()], receipts: vec![], begins: false }).await;
        let [recorded] = &recorded[..] else { panic!("{recorded:?}") };
        assert_eq!((recorded.id, recorded.workspace, recorded.stream), (new.id, workspace, stream));
        assert_eq!((&recorded.event_type, recorded.schema), (&new.event_type, new.schema));
        assert_eq!(
            (&recorded.payload, &recorded.metadata, &recorded.claims),
            (&new.payload, &new.metadata, &new.claims)
        );
        let read = log.journal.read_stream(stream, Version(0), 9).await.expect("the stream reads");
        assert_eq!(read, std::slice::from_ref(recorded));
        wanted.push(recorded.clone());
    }
    assert_eq!(log.all().await, wanted);
}

pub(super) async fn reads_go_on_after_a_place_and_stop_at_a_limit(log: Log) {
    log.put(append(post(1), 0, 5)).await;
    log.put(append(post(2), 0, 5)).await;
    for (after, limit, first, count) in [(0, 3, 1, 3), (3, 3, 4, 3), (9, 3, 10, 1), (0, 10, 1, 10)] {
        let events = log.journal.read(Position(after), limit).await.expect("the log reads");
        assert_eq!((events[0].position.0, events.len()), (first, count), "after {after}, at most {limit}");
    }
    for (after, limit) in [(10, 3), (11, 3), (u64::MAX - 1, 3), (u64::MAX, 3), (0, 0)] {
        assert_eq!(log.journal.read(Position(after), limit).await.expect("the log reads"), []);
    }
    for (after, limit, first, count) in [(0, 2, 1, 2), (2, 2, 3, 2), (4, 9, 5, 1)] {
        let events = log.journal.read_stream(post(2), Version(after), limit).await.expect("the stream reads");
        assert_eq!((events[0].version.0, events.len()), (first, count), "after {after}, at most {limit}");
        assert!(events.iter().all(|event| event.stream == post(2)));
    }
    assert_eq!(log.journal.read_stream(post(2), Version(5), 9).await.expect("the stream reads"), []);
    assert_eq!(log.journal.read_stream(post(3), Version(0), 9).await.expect("the stream reads"), []);
    let other_kind = StreamId::new(StreamKind::Account, post(1).id);
    assert_eq!(log.journal.read_stream(other_kind, Version(0), 9).await.expect("the stream reads"), []);
}

/// Who was answered finds the tails awake already.
pub(super) async fn the_head_is_announced_before_the_answer(log: Log) {
    let announced = log.journal.watch();
    assert_eq!(*announced.borrow(), Position(0));
    for number in 1..=20 {
        let recorded = log.put(append(post(number), 0, 2)).await;
        assert_eq!(*announced.borrow(), recorded[1].position);
        assert_eq!(log.head().await.position, recorded[1].position);
    }
}

pub(super) async fn who_follows_the_end_is_given_what_was_stored(log: Log) {
    let tail =
        async |after: u64, limit| owned(log.journal.tail(Position(after), limit).await.expect("the log's end reads"));
    assert_eq!(tail(0, 9).await, []);
    let mut wanted = Vec::new();
    for number in 1..=5 {
        wanted.extend(log.put(append(post(number), 0, 3)).await);
        assert_eq!(tail(wanted.len() as u64 - 3, 9).await, wanted[wanted.len() - 3..]);
    }
    for (after, limit) in [(0, 15), (0, 4), (4, 2), (14, 9), (15, 9), (16, 9), (3, 0)] {
        let stored = log.journal.read(Position(after), limit).await.expect("the log reads");
        assert_eq!(tail(after, limit).await, stored, "after {after}, at most {limit}");
    }
    log.journal.rest();
    assert_eq!(tail(10, 9).await, wanted[10..]);
    wanted.extend(log.put(append(post(6), 0, 1)).await);
    assert_eq!(tail(0, 99).await, wanted);
}

pub(super) async fn what_moved_of_a_kind_is_found_between_two_places(log: Log) {
    let account = StreamId::new(StreamKind::Account, Uuid::from_u128(9));
    let moved = async |kind, after: u64, to: u64| log.journal.moved(kind, Position(after), Position(to)).await;
    let mut wanted = Vec::new();
    for (number, stream) in (1..).zip([post(1), account, post(2), post(1), account]) {
        let version = Version(wanted.iter().filter(|moved: &&Moved| moved.stream == stream).count() as u64);
        let expected = vec![Expected { stream, version }];
        let (events, receipts) = (vec![event(stream)], vec![]);
        let put = Append { workspace: workspace(1), expected, events, receipts, begins: false };
        let recorded = log.put(put).await;
        assert_eq!(recorded[0].position.0, number);
        wanted.push(Moved { position: recorded[0].position, stream, version: recorded[0].version });
    }
    let of = |kind, after: usize, to: usize| -> Vec<_> {
        wanted[after..to].iter().copied().filter(|moved| moved.stream.kind == kind).collect()
    };
    for (after, to) in [(0, 5), (0, 3), (1, 4), (2, 5), (4, 5), (2, 2)] {
        for kind in [StreamKind::Post, StreamKind::Account, StreamKind::Key] {
            let found = moved(kind, after as u64, to as u64).await.expect("it reads");
            assert_eq!(found, of(kind, after, to), "{kind} after {after}, up to {to}");
        }
    }
    let beyond = moved(StreamKind::Key, 0, 6).await;
    assert!(matches!(beyond, Err(ReadError::Damaged { position: Position(6), .. })), "{beyond:?}");
}
