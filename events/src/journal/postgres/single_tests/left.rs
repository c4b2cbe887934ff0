//! The log as it was left, and as it was not.

use campanile_test_servers::Postgres;
use uuid::Uuid;

use super::given::{Process, alone, database_time, next, of_workspace, positions};
use crate::{
    clock::{Clock, SystemClock},
    db::postgres::connect,
    ids::{Epoch, EventId, Position, Version, WorkspaceId},
    journal::{Append, Expected, Journal, NewReceipt, PostgresJournal, StreamId, StreamKind, given::append},
    log::{EpochStarted, LogEvent},
    stored::StoredEvent,
};

#[tokio::test]
async fn who_is_alone_takes_one_flight_and_the_log_stays_whole() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let journal = PostgresJournal::open(&settings).await.unwrap();
    let clock = connect(&settings).await.unwrap();
    let mut at_once = 0;
    for version in 2..30 {
        if version == 20 {
            // As a newer build's migration may; what is prepared stays good.
            server.sql("log", "alter table campanile.events add column later integer");
        }
        let before = database_time(&clock).await;
        // A machine that stood still meanwhile may have taken it in two.
        let recorded = match process.attempt(vec![next(1, version)]).await {
            Some(outcome) => {
                assert!(outcome.failed.is_none(), "{:?}", outcome.failed);
                at_once += 1;
                outcome.answers.into_iter().next().unwrap().unwrap()
            }
            None => process.append(next(1, version)).await.unwrap(),
        };
        let after = database_time(&clock).await;
        let event = &recorded[0];
        assert_eq!((event.position, event.version), (Position(version + 1), Version(version + 1)));
        assert_eq!(event.workspace_number, version + 1);
        assert!((before..=after).contains(&event.recorded_at), "{before} {} {after}", event.recorded_at);
        assert_eq!(journal.read(Position(version), 2).await.unwrap(), [event.as_ref().clone()]);
        let head = journal.head().await.unwrap();
        assert_eq!((head.position, head.recorded_at), (event.position, Some(event.recorded_at)));
    }
    assert!(at_once > 0, "nothing went in one flight");
    let events = journal.read(Position(0), 100).await.unwrap();
    let leaves: Vec<_> = events.iter().map(|event| event.leaf_hash).collect();
    let head = journal.head().await.unwrap();
    assert_eq!((head.root, head.epoch), (crate::merkle::root_of(&leaves), Epoch(1)));
    let workspace = WorkspaceId::from(Uuid::from_u128(1));
    assert_eq!(journal.workspace_numbers().await.unwrap(), [(workspace, 30)]);
}

#[tokio::test]
async fn a_log_that_is_not_as_it_was_left_takes_nothing() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "grown").await;
    Process::start(&settings).await.append(append(2, "{}", 3)).await.unwrap();
    let mut receipted = append(3, "{}", 1);
    receipted.receipts = vec![receipt("a")];
    process.is_refused(vec![receipted.clone()]).await;
    assert_eq!(positions(&settings).await, [1, 2, 3, 4, 5]);
    // In two flights it goes in, as if it had never been tried; and from then on others are reckoned with.
    let recorded = process.append(receipted).await.unwrap();
    assert_eq!((recorded[0].position, recorded[0].workspace_number), (Position(6), 6));
    assert!(process.known.log(Position(0)).is_none());
    process.append(append(4, "{}", 1)).await.unwrap();
    assert!(process.known.log(Position(0)).is_some(), "nobody came between");

    // As after a backup was put back: the next position is free, and the one before it missing.
    let (settings, mut process) = alone(&server, "shrunk").await;
    let kept = server.sql("shrunk", "select frontier from campanile.journal_head");
    let shrink = "delete from campanile.events where position = 2; update campanile.journal_head set position = 1, \
                  frontier = '\\x0000000000000001' || (select leaf_hash from campanile.events where position = 1)";
    server.sql("shrunk", shrink);
    process.is_refused(vec![append(3, "{}", 1)]).await;
    assert_eq!(positions(&settings).await, [1]);

    // As many events, and others.
    let (_, mut process) = alone(&server, "other").await;
    server.sql("other", "update campanile.journal_head set frontier = set_byte(frontier, 12, 0)");
    assert_ne!(server.sql("other", "select frontier from campanile.journal_head"), kept);
    process.is_refused(vec![append(3, "{}", 1)]).await;
    assert_eq!(server.sql("other", "select count(*) from campanile.events"), "2");

    // A head that contradicts itself is nothing to build on.
    let (_, mut process) = alone(&server, "damaged").await;
    server.sql("damaged", "update campanile.journal_head set position = 3");
    process.is_refused(vec![append(3, "{}", 1)]).await;
    assert_eq!(server.sql("damaged", "select count(*) from campanile.events"), "2");
}

/// An older copy of the log was put in its place, and somebody else went on from there, for as many events.
#[tokio::test]
async fn of_a_log_with_as_many_other_events_no_number_is_remembered() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    process.append(of_workspace(2, append(2, "{}", 1))).await.unwrap();
    server.sql("log", "create table campanile.kept as select * from campanile.journal_head");
    process.append(of_workspace(2, next(2, 1))).await.unwrap();
    let back = "delete from campanile.events where position = 4; \
                update campanile.workspace_numbers set last_number = 1 \
                where workspace = '00000000-0000-0000-0000-000000000002'; \
                update campanile.journal_head set (position, frontier, recorded_at) = \
                (select position, frontier, recorded_at from campanile.kept)";
    server.sql("log", back);
    Process::start(&settings).await.append(next(1, 2)).await.unwrap();

    process.is_refused(vec![next(1, 3)]).await;
    assert_eq!(process.append(next(1, 3)).await.unwrap()[0].workspace_number, 4);
    // From here on nobody else appends, and the next one may go in one flight.
    assert_eq!(process.append(next(1, 4)).await.unwrap()[0].workspace_number, 5);
    process.read_clock(chrono::TimeDelta::milliseconds(-100)).await;
    let recorded = process.append(of_workspace(2, next(2, 1))).await.unwrap();
    assert_eq!((recorded[0].position, recorded[0].workspace_number), (Position(7), 2));
    assert_eq!(positions(&settings).await, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn an_epoch_that_another_process_began_stays() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    assert!(process.append_at_once(epoch(2)).await.is_none(), "it has all the time that it takes");
    Process::start(&settings).await.append(epoch(2)).await.unwrap();
    process.is_refused(vec![next(1, 2)]).await;
    process.append(next(1, 2)).await.unwrap();
    for version in 3..6 {
        process.append(next(1, version)).await.unwrap();
    }
    // Until the machine lets it.
    let mut version = 6;
    while process.append_at_once(next(1, version)).await.is_none() {
        process.append(next(1, version)).await.unwrap();
        version += 1;
    }
    let journal = PostgresJournal::open(&settings).await.unwrap();
    assert_eq!(journal.head().await.unwrap().epoch, Epoch(2));
}

fn epoch(number: u64) -> Append {
    let now = SystemClock::default().now();
    let began = LogEvent::EpochStarted(EpochStarted { epoch: Epoch(number), last_checkpoint: None, at: now });
    let stream = StreamId::new(StreamKind::Log, Uuid::nil());
    let mut append = append(1, &began.payload().expect("it is JSON"), 1);
    append.expected = vec![Expected { stream, version: Version(0) }];
    let event = &mut append.events[0];
    (event.stream, event.id) = (stream, EventId::from(Uuid::from_u128(u128::from(number))));
    (event.event_type, event.schema) = (began.name().to_owned(), began.schema());
    append
}

pub(super) fn receipt(key: &str) -> NewReceipt {
    NewReceipt {
        key: key.to_owned(),
        request_digest: vec![1],
        status: 200,
        resource: StreamId::new(StreamKind::Post, Uuid::from_u128(1)),
        sealed: None,
    }
}
