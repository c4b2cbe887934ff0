//! A process's connection with what it knows, and a database where nobody else appends.

use campanile_test_servers::Postgres;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    clock::Moment,
    db::postgres::{Settings, connect},
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{
        Append, Journal, PostgresJournal,
        given::append,
        postgres::{
            batch::{self, Outcome},
            known::Known,
            link::Link,
            single,
        },
        queue::{Answer, Waiting},
    },
};

/// A process's connection, with what it knows.
pub(super) struct Process {
    settings: Settings,
    pub(super) link: Link,
    pub(super) known: Known,
}

impl Process {
    pub(super) async fn start(settings: &Settings) -> Self {
        Self { settings: settings.clone(), link: Link::open(settings).await.unwrap(), known: Known::default() }
    }

    /// In as many flights as it takes.
    pub(super) async fn append(&mut self, append: Append) -> Answer {
        let batch = [waiting(append)];
        let outcome = batch::attempt(&mut self.link, &mut self.known, Position(0), &batch).await.unwrap();
        answer(outcome)
    }

    /// In one flight, or not at all.
    pub(super) async fn append_at_once(&mut self, append: Append) -> Option<Answer> {
        self.append_batch_at_once(vec![append]).await.map(answer)
    }

    /// The same, for several; with a time that nothing stands against, unless the machine stands still right now.
    pub(super) async fn append_batch_at_once(&mut self, appends: Vec<Append>) -> Option<Outcome> {
        self.read_clock(TimeDelta::milliseconds(-100)).await;
        self.attempt(appends).await
    }

    /// The same, with whatever is known of the time.
    pub(super) async fn attempt(&mut self, appends: Vec<Append>) -> Option<Outcome> {
        let batch: Vec<Waiting> = appends.into_iter().map(waiting).collect();
        single::attempt(&mut self.link, &mut self.known, Position(0), &batch).await
    }

    /// Takes the database's clock to show so much more than it does.
    pub(super) async fn read_clock(&mut self, ahead: TimeDelta) {
        let client = connect(&self.settings).await.unwrap();
        let asked = Moment::now();
        let now = database_time(&client).await;
        self.known.clock.forget();
        self.known.clock.heard(asked, now + ahead);
    }

    /// Whatever of it the clock let through: with a time that has come, what stands against it must be the log itself.
    pub(super) async fn is_refused(&mut self, appends: Vec<Append>) {
        assert!(self.known.log(Position(0)).is_some(), "it is worth a try");
        assert!(self.append_batch_at_once(appends).await.is_none());
        assert_eq!(self.known.clock.latest(), None, "it was tried");
    }
}

pub(super) async fn database_time(client: &tokio_postgres::Client) -> DateTime<Utc> {
    client.query_one("select clock_timestamp()", &[]).await.unwrap().get(0)
}

fn waiting(append: Append) -> Waiting {
    Waiting { append, answer: tokio::sync::oneshot::channel().0 }
}

fn answer(outcome: Outcome) -> Answer {
    assert!(outcome.failed.is_none(), "{:?}", outcome.failed);
    outcome.answers.into_iter().next().expect("an answer for each append")
}

/// One more event of a stream that holds so many.
pub(super) fn next(stream: u128, version: u64) -> Append {
    let mut next = append(stream, "{}", 1);
    next.expected[0].version = Version(version);
    next.events[0].id = EventId::from(Uuid::from_u128(stream << 64 | u128::from(version + 1)));
    next
}

/// The same, in another workspace.
pub(super) fn of_workspace(number: u128, mut append: Append) -> Append {
    append.workspace = WorkspaceId::from(Uuid::from_u128(number));
    append
}

/// A database, and a process that has appended to it twice: nobody else does.
pub(super) async fn alone(server: &Postgres, name: &str) -> (Settings, Process) {
    server.create_database(name);
    let settings = Settings::parse(&server.url(name)).unwrap();
    PostgresJournal::open(&settings).await.unwrap();
    let mut process = Process::start(&settings).await;
    process.append(append(1, "{}", 1)).await.unwrap();
    process.append(next(1, 1)).await.unwrap();
    (settings, process)
}

pub(super) async fn positions(settings: &Settings) -> Vec<u64> {
    let journal = PostgresJournal::open(settings).await.unwrap();
    journal.read(Position(0), 1_000).await.unwrap().iter().map(|event| event.position.0).collect()
}
