//! A batch goes in one flight exactly while the log is as it was left.

use campanile_test_servers::Postgres;
use uuid::Uuid;

use super::{
    batch::{self, Outcome},
    known::Known,
    link::Link,
    single,
};
use crate::{
    db::postgres::{Settings, connect},
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{
        Append, AppendError, Claim, Expected, Journal, NewReceipt, PostgresJournal, StreamId, StreamKind,
        given::append,
        queue::{Answer, Waiting},
    },
};

/// A process's connection, with what it knows.
struct Process {
    link: Link,
    known: Known,
}

impl Process {
    async fn start(settings: &Settings) -> Self {
        Self { link: Link::open(settings).await.unwrap(), known: Known::default() }
    }

    /// In as many flights as it takes.
    async fn append(&mut self, append: Append) -> Answer {
        let batch = [waiting(append)];
        let heard = Position(0);
        let outcome = batch::attempt(&mut self.link, &mut self.known, heard, &batch).await.unwrap();
        answer(outcome)
    }

    /// In one flight, or not at all.
    async fn append_at_once(&mut self, append: Append) -> Option<Answer> {
        self.append_batch_at_once(vec![append]).await.map(answer)
    }

    async fn append_batch_at_once(&mut self, appends: Vec<Append>) -> Option<Outcome> {
        let batch: Vec<Waiting> = appends.into_iter().map(waiting).collect();
        single::attempt(&mut self.link, &mut self.known, Position(0), &batch).await
    }
}

fn waiting(append: Append) -> Waiting {
    Waiting { append, answer: tokio::sync::oneshot::channel().0 }
}

fn answer(outcome: Outcome) -> Answer {
    assert!(outcome.failed.is_none(), "{:?}", outcome.failed);
    outcome.answers.into_iter().next().expect("an answer for each append")
}

/// One more event of a stream that holds so many.
fn next(stream: u128, version: u64) -> Append {
    let mut next = append(stream, "{}", 1);
    next.expected[0].version = Version(version);
    next.events[0].id = EventId::from(Uuid::from_u128(stream << 64 | u128::from(version + 1)));
    next
}

/// A database, and a process that has appended to it twice: nobody else does.
async fn alone(server: &Postgres, name: &str) -> (Settings, Process) {
    server.create_database(name);
    let settings = Settings::parse(&server.url(name)).unwrap();
    PostgresJournal::open(&settings).await.unwrap();
    let mut process = Process::start(&settings).await;
    process.append(append(1, "{}", 1)).await.unwrap();
    process.append(next(1, 1)).await.unwrap();
    (settings, process)
}

async fn positions(settings: &Settings) -> Vec<u64> {
    let journal = PostgresJournal::open(settings).await.unwrap();
    journal.read(Position(0), 1_000).await.unwrap().iter().map(|event| event.position.0).collect()
}

#[tokio::test]
async fn who_is_alone_takes_one_flight_and_the_log_stays_whole() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let journal = PostgresJournal::open(&settings).await.unwrap();
    let clock = connect(&settings).await.unwrap();
    let mut at_once = 0;
    for version in 2..30 {
        let before: chrono::DateTime<chrono::Utc> =
            clock.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
        // A machine that stood still meanwhile may have taken it in two.
        let recorded = match process.append_at_once(next(1, version)).await {
            Some(answer) => {
                at_once += 1;
                answer.unwrap()
            }
            None => process.append(next(1, version)).await.unwrap(),
        };
        let after: chrono::DateTime<chrono::Utc> =
            clock.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
        let event = &recorded[0];
        assert_eq!((event.position, event.version), (Position(version + 1), Version(version + 1)));
        assert_eq!(event.workspace_number, version + 1);
        assert!((before..=after).contains(&event.recorded_at), "{before} {} {after}", event.recorded_at);
        assert_eq!(journal.read(Position(version), 2).await.unwrap(), recorded);
    }
    assert!(at_once > 0, "nothing went in one flight");
    let events = journal.read(Position(0), 100).await.unwrap();
    let leaves: Vec<_> = events.iter().map(|event| event.leaf_hash).collect();
    assert_eq!(journal.head().await.unwrap().root, crate::merkle::root_of(&leaves));
    let workspace = WorkspaceId::from(Uuid::from_u128(1));
    assert_eq!(journal.workspace_numbers().await.unwrap(), [(workspace, 30)]);
}

/// Whatever of it the clock let through: with a time that has come, what stands against it must be the log itself.
async fn refused(process: &mut Process, appends: Vec<Append>) {
    assert!(process.known.log(Position(0)).is_some(), "it is worth a try");
    assert!(process.append_batch_at_once(appends).await.is_none());
}

#[tokio::test]
async fn a_log_that_is_not_as_it_was_left_takes_nothing() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "grown").await;
    Process::start(&settings).await.append(append(2, "{}", 3)).await.unwrap();
    refused(&mut process, vec![append(3, "{}", 1)]).await;
    assert_eq!(positions(&settings).await, [1, 2, 3, 4, 5]);
    // In two flights it goes in; and from then on others are reckoned with.
    assert_eq!(process.append(append(3, "{}", 1)).await.unwrap()[0].position, Position(6));
    assert!(process.known.log(Position(0)).is_none());
    process.append(append(4, "{}", 1)).await.unwrap();
    assert!(process.known.log(Position(0)).is_some(), "nobody came between");

    // As after a backup was put back: the next position is free, and the one before it missing.
    let (settings, mut process) = alone(&server, "shrunk").await;
    let kept = server.sql("shrunk", "select frontier from campanile.journal_head");
    let shrink = "delete from campanile.events where position = 2; update campanile.journal_head set position = 1, \
                  frontier = '\\x0000000000000001' || (select leaf_hash from campanile.events where position = 1)";
    server.sql("shrunk", shrink);
    refused(&mut process, vec![append(3, "{}", 1)]).await;
    assert_eq!(positions(&settings).await, [1]);

    // As many events, and others.
    let (_, mut process) = alone(&server, "other").await;
    server.sql("other", "update campanile.journal_head set frontier = set_byte(frontier, 12, 0)");
    assert_ne!(server.sql("other", "select frontier from campanile.journal_head"), kept);
    refused(&mut process, vec![append(3, "{}", 1)]).await;
    assert_eq!(server.sql("other", "select count(*) from campanile.events"), "2");
}

#[tokio::test]
async fn what_a_stream_and_a_receipt_are_taken_to_be_is_compared() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let receipt = |key: &str| NewReceipt {
        key: key.to_owned(),
        request_digest: vec![1],
        status: 200,
        resource: StreamId::new(StreamKind::Post, Uuid::from_u128(1)),
        sealed: None,
    };
    let mut receipted = next(1, 2);
    receipted.receipts = vec![receipt("a")];
    process.append(receipted).await.unwrap();

    // Behind, ahead, and new though it isn't: a hole in a stream is what the index would let in.
    for wrong in [next(1, 1), next(1, 5), append(1, "{}", 1), next(9, 2)] {
        refused(&mut process, vec![append(5, "{}", 1), wrong.clone()]).await;
        let refused = process.append(wrong).await;
        assert!(matches!(refused, Err(AppendError::VersionConflict { .. })), "{refused:?}");
    }
    // One that is only relied on, as absent.
    let mut relying = append(5, "{}", 1);
    relying.expected.push(Expected { stream: next(1, 0).events[0].stream, version: Version(0) });
    refused(&mut process, vec![relying.clone()]).await;
    let conflict = process.append(relying).await;
    assert!(matches!(conflict, Err(AppendError::VersionConflict { .. })), "{conflict:?}");

    let mut again = append(5, "{}", 1);
    again.receipts = vec![receipt("a")];
    refused(&mut process, vec![again.clone()]).await;
    let exists = process.append(again).await;
    assert!(matches!(exists, Err(AppendError::ReceiptExists(_))), "{exists:?}");
    assert_eq!(positions(&settings).await, [1, 2, 3]);
}

#[tokio::test]
async fn what_is_not_remembered_takes_two_flights() {
    let server = Postgres::start();
    let (_, mut process) = alone(&server, "log").await;
    let mut elsewhere = append(5, "{}", 1);
    elsewhere.workspace = WorkspaceId::from(Uuid::from_u128(2));
    let mut naming = append(6, "{}", 1);
    naming.events[0].claims = vec![Claim::take("slug", "a")];
    let mut beginning = append(7, "{}", 1);
    beginning.begins = true;
    for unknown in [elsewhere.clone(), naming, beginning] {
        assert!(process.append_at_once(unknown).await.is_none());
    }
    assert_eq!(process.append(elsewhere).await.unwrap()[0].workspace_number, 1);
}

#[tokio::test]
async fn a_time_that_has_not_come_or_is_long_gone_is_not_written() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    for seconds in [-30, 30] {
        let asked = crate::clock::Moment::now();
        let client = connect(&settings).await.unwrap();
        let now: chrono::DateTime<chrono::Utc> =
            client.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
        process.known.clock.forget();
        process.known.clock.heard(asked, now + chrono::TimeDelta::seconds(seconds));
        refused(&mut process, vec![append(3, "{}", 1)]).await;
        assert_eq!(process.known.clock.latest(), None, "it is read anew");
    }
    assert_eq!(positions(&settings).await, [1, 2]);
}
