//! What needs a look inside: damage done to the tables, a notification that is lost, a queue that is full.

use std::{sync::Arc, time::Duration};

use campanile_test_servers::Postgres;
use uuid::Uuid;

use super::PostgresJournal;
use crate::{
    db::postgres::{Limits, Settings, connect, connect_and_listen},
    ids::{Position, Version},
    journal::{
        AppendError, Journal, ReadError, StreamId, StreamKind,
        given::{append, damaged_at},
        owned,
    },
};

const SOON: Duration = Duration::from_secs(60);

fn settings(server: &Postgres, database: &str) -> Settings {
    Settings::parse(&server.url(database)).unwrap()
}

async fn open(server: &Postgres, database: &str) -> Result<PostgresJournal, ReadError> {
    PostgresJournal::open(&settings(server, database)).await
}

/// A database whose log has one stream of so many events.
async fn log(server: &Postgres, database: &str, events: u128) -> PostgresJournal {
    server.create_database(database);
    let journal = open(server, database).await.unwrap();
    journal.append(append(1, "{}", events)).await.unwrap();
    journal
}

#[tokio::test]
async fn what_is_missing_is_damage_and_names_its_position() {
    let server = Postgres::start();
    let journal = log(&server, "hole", 5).await;
    server.sql("hole", "delete from campanile.events where position = 3");
    assert_eq!(damaged_at(journal.read(Position(0), 10).await), Position(3));
    assert_eq!(damaged_at(journal.read(Position(2), 1).await), Position(3));
    assert_eq!(journal.read(Position(3), 10).await.unwrap().len(), 2);
    let stream = StreamId::new(StreamKind::Post, Uuid::from_u128(1));
    assert_eq!(damaged_at(journal.read_stream(stream, Version(0), 10).await), Position(4));

    let journal = log(&server, "no_end", 5).await;
    server.sql("no_end", "delete from campanile.events where position > 3");
    assert_eq!(damaged_at(journal.read(Position(0), 10).await), Position(4));
    assert_eq!(damaged_at(journal.read(Position(3), 10).await), Position(4));
    assert_eq!(damaged_at(open(&server, "no_end").await), Position(4));
    server.sql("no_end", "delete from campanile.events");
    assert_eq!(damaged_at(open(&server, "no_end").await), Position(1));

    let journal = log(&server, "old_head", 1).await;
    server.sql("old_head", "update campanile.journal_head set position = 0, frontier = '\\x0000000000000000'");
    assert_eq!(damaged_at(open(&server, "old_head").await), Position(1));
    // It would take the place of one that is there.
    let refused = journal.append(append(2, "{}", 1)).await;
    assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_row_that_does_not_read_is_damage() {
    let server = Postgres::start();
    let journal = log(&server, "log", 3).await;
    for (column, change) in [
        ("payload", "'\\xff'"),
        ("metadata", "'{'"),
        ("claims", "'{'"),
        ("leaf_hash", "'\\x00'"),
        ("schema", "70000"),
        ("workspace_number", "-1"),
        ("recorded_at", "'infinity'"),
    ] {
        let copy =
            format!("create table campanile.kept as select {column} as was from campanile.events where position = 2");
        server.sql("log", &copy);
        server.sql("log", &format!("update campanile.events set {column} = {change} where position = 2"));
        assert_eq!(damaged_at(journal.read(Position(0), 10).await), Position(2), "{column}");
        let back = format!("update campanile.events set {column} = was from campanile.kept where position = 2");
        server.sql("log", &format!("{back}; drop table campanile.kept"));
        assert_eq!(journal.read(Position(0), 10).await.unwrap().len(), 3);
    }
    server.sql("log", "update campanile.journal_head set frontier = '\\x0000000000000000'");
    assert_eq!(damaged_at(journal.head().await), Position(3));
    let refused = journal.append(append(2, "{}", 1)).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "nothing is built on a broken tree: {refused:?}");
}

#[tokio::test]
async fn a_notification_that_is_lost_is_covered() {
    let server = Postgres::start();
    server.create_database("log");
    // Tells nobody of what it appends.
    let (silent, _shared) = PostgresJournal::open_silent(&settings(&server, "log"), None).await.unwrap();
    let listening = open(&server, "log").await.unwrap();
    let mut announced = listening.watch();
    for number in 1..=3 {
        silent.append(append(number, "{}", 1)).await.unwrap();
        let reached = announced.wait_for(|position| u128::from(position.0) == number);
        tokio::time::timeout(SOON, reached).await.expect("it asks by itself").unwrap();
        // Whoever listens comes back when its session is ended.
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'campanile bell'";
        assert_eq!(server.sql("postgres", end), "t");
    }
}

#[tokio::test]
async fn while_the_head_is_locked_appends_wait_and_a_full_queue_says_so() {
    let server = Postgres::start();
    server.create_database("log");
    let journal = Arc::new(open(&server, "log").await.unwrap());
    let holder = connect(&settings(&server, "log").limited(Limits::NONE)).await.unwrap();
    holder.batch_execute("begin; select * from journal_head for update").await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    let spawn = |waiting: &mut tokio::task::JoinSet<_>, number: u128| {
        let journal = Arc::clone(&journal);
        waiting.spawn(async move { journal.append(append(number, "{}", 1)).await });
    };
    // One is in the appender's hand, the others fill the queue.
    spawn(&mut waiting, 1);
    let blocked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
    while server.sql("postgres", blocked) == "0" {
        tokio::task::yield_now().await;
    }
    for number in 2..=4_097 {
        spawn(&mut waiting, number);
    }
    while journal.queue_depth() < 4_096 {
        tokio::task::yield_now().await;
    }
    let refused = journal.append(append(5_000, "{}", 1)).await;
    assert!(matches!(refused, Err(AppendError::QueueFull)), "{refused:?}");
    holder.batch_execute("rollback").await.unwrap();
    let mut appended = 0;
    while let Some(answer) = waiting.join_next().await {
        answer.unwrap().unwrap();
        appended += 1;
    }
    assert_eq!((appended, journal.queue_depth(), journal.committed_events()), (4_097, 0, 4_097));
    assert!(journal.committed_batches() <= 4, "{}", journal.committed_batches());
}

#[tokio::test]
async fn an_append_goes_through_though_its_caller_is_gone() {
    let server = Postgres::start();
    let journal = log(&server, "log", 1).await;
    let mut head = journal.watch();
    let mut asked = Box::pin(journal.append(append(2, "{}", 1)));
    assert!(futures::poll!(asked.as_mut()).is_pending());
    drop(asked);
    tokio::time::timeout(SOON, head.wait_for(|position| *position == Position(2))).await.unwrap().unwrap();
}

/// Of two appends the first takes two flights and the second one, unless the machine stands still.
#[tokio::test]
async fn a_full_disk_refuses_what_comes_and_keeps_what_is_there() {
    let server = Postgres::start();
    for (name, stored) in [("cold", 0), ("warm", 2)] {
        server.create_database(name);
        let journal = open(&server, name).await.unwrap();
        for number in 1..=stored {
            journal.append(append(number, "{}", 1)).await.unwrap();
        }
        let full = "create function campanile.full() returns trigger language plpgsql as $$ begin \
                    raise exception 'could not extend file' using errcode = '53100'; end $$; create trigger full_disk \
                    before insert on campanile.events for each row execute function campanile.full()";
        server.sql(name, full);
        for _ in 0..2 {
            let refused = journal.append(append(3, "{}", 1)).await;
            let Err(AppendError::Unavailable(reason)) = &refused else { panic!("{refused:?}") };
            assert!(reason.contains("53100"), "{reason}");
        }
        assert_eq!(journal.read(Position(0), 10).await.unwrap().len() as u128, stored);
        server.sql(name, "drop trigger full_disk on campanile.events");
        let recorded = journal.append(append(3, "{}", 1)).await.unwrap();
        assert_eq!(
            (u128::from(recorded[0].position.0), u128::from(recorded[0].workspace_number)),
            (stored + 1, stored + 1)
        );
    }
}

/// Every batch is told of, however many flights it took.
#[tokio::test]
async fn each_commit_rings() {
    let server = Postgres::start();
    let journal = log(&server, "log", 1).await;
    let (listener, mut notified) = connect_and_listen(&settings(&server, "log")).await.unwrap();
    listener.batch_execute("listen campanile_journal").await.unwrap();
    for number in 2..=6 {
        let position = journal.append(append(number, "{}", 1)).await.unwrap()[0].position;
        let told = async { while notified.recv().await.expect("it lives").payload() != position.to_string() {} };
        tokio::time::timeout(SOON, told).await.expect("others are told");
    }
}

/// After the connection that appended is gone, the database may be another: an older copy, gone on with by others.
#[tokio::test]
async fn what_was_appended_by_a_connection_that_is_gone_is_read_from_the_database() {
    let server = Postgres::start();
    let journal = log(&server, "log", 1).await;
    assert_eq!(journal.tail(Position(0), 9).await.unwrap().len(), 1);
    journal.append(append(2, "{}", 2)).await.unwrap();
    server.sql("log", "update campanile.events set event_type = 'post.rewritten'");
    let tail = async || {
        let tail = journal.tail(Position(1), 9).await.unwrap();
        owned(tail).into_iter().map(|event| event.event_type).collect::<Vec<_>>()
    };
    assert_eq!(tail().await, ["post.scheduled"; 2], "from memory");
    server.sql(
        "log",
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'campanile journal'",
    );
    tokio::time::timeout(SOON, async {
        while tail().await != ["post.rewritten"; 2] {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("it is forgotten as soon as the connection's end is known");
}

/// A server may take another's place without a word to who is connected: with an older copy, gone on with by others.
#[tokio::test]
async fn what_the_database_does_not_hold_is_not_given_from_memory() {
    let server = Postgres::start();
    let journal = log(&server, "log", 1).await;
    assert_eq!(journal.tail(Position(0), 9).await.unwrap().len(), 1);
    journal.append(append(2, "{}", 2)).await.unwrap();
    server.sql("log", "update campanile.events set id = gen_random_uuid() where position = 3");
    let other = journal.read(Position(1), 9).await.unwrap();
    assert_eq!(owned(journal.tail(Position(1), 9).await.unwrap()), other);
    server.sql("log", "delete from campanile.events where position = 3");
    assert_eq!(damaged_at(journal.tail(Position(2), 9).await), Position(3));
}
