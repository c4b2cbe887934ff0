//! What only this engine can show: damage done to its file, and a disk that is full. All else is the contract's.

use std::sync::Arc;

use chrono::DateTime;
use uuid::Uuid;

use super::SqliteJournal;
use crate::{
    clock::ManualClock,
    db::{Database, Sqlite},
    ids::{Position, Version},
    journal::{
        AppendError, Journal, ReadError, StreamId, StreamKind,
        given::{append, damaged_at},
        owned,
    },
};

async fn open(db: &Sqlite) -> Result<SqliteJournal, ReadError> {
    let start = DateTime::from_timestamp_micros(1_796_115_600_000_000).unwrap();
    SqliteJournal::open(db.clone(), ManualClock::starting_at(start)).await
}

#[tokio::test]
async fn a_hole_is_damage_and_names_its_position() {
    let db = Sqlite::open_in_memory().unwrap();
    let journal = open(&db).await.unwrap();
    journal.append(append(1, "{}", 5)).await.unwrap();
    db.execute("delete from events where position = 3", vec![]).await.unwrap();
    assert_eq!(damaged_at(journal.read(Position(0), 10).await), Position(3));
    assert_eq!(damaged_at(journal.read(Position(2), 1).await), Position(3));
    assert_eq!(journal.read(Position(3), 10).await.unwrap().len(), 2);
    let stream = StreamId::new(StreamKind::Post, Uuid::from_u128(1));
    assert_eq!(damaged_at(journal.read_stream(stream, Version(0), 10).await), Position(4));
}

#[tokio::test]
async fn a_lost_end_is_damage() {
    let db = Sqlite::open_in_memory().unwrap();
    let journal = open(&db).await.unwrap();
    journal.append(append(1, "{}", 5)).await.unwrap();
    db.execute("delete from events where position > 3", vec![]).await.unwrap();
    assert_eq!(damaged_at(journal.read(Position(0), 10).await), Position(4));
    assert_eq!(damaged_at(journal.read(Position(3), 10).await), Position(4));
    assert_eq!(damaged_at(open(&db).await), Position(5));
}

#[tokio::test]
async fn a_head_that_is_behind_is_damage() {
    let db = Sqlite::open_in_memory().unwrap();
    let journal = open(&db).await.unwrap();
    let head = "update journal_head set position = $1, frontier = (select frontier from kept)";
    db.execute("create table kept as select frontier from journal_head", vec![]).await.unwrap();
    journal.append(append(1, "{}", 1)).await.unwrap();
    db.execute(head, vec![0_i64.into()]).await.unwrap();
    assert_eq!(damaged_at(open(&db).await), Position(1));
}

#[tokio::test]
async fn a_row_that_does_not_read_is_damage() {
    for change in ["payload = x'ff'", "metadata = '{'", "leaf_hash = x'00'", "recorded_at = ''"] {
        let db = Sqlite::open_in_memory().unwrap();
        let journal = open(&db).await.unwrap();
        journal.append(append(1, "{}", 3)).await.unwrap();
        db.execute(&format!("update events set {change} where position = 2"), vec![]).await.unwrap();
        assert_eq!(damaged_at(journal.read(Position(0), 10).await), Position(2), "{change}");
    }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_the_log_goes_on_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let db = Sqlite::open(&folder.path().join("journal.db"), crate::db::Durability::Full).unwrap();
    let journal = Arc::new(open(&db).await.unwrap());
    let limit = |pages: i64| {
        db.write(move |connection| {
            connection.query_row(&format!("pragma max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
        })
    };
    limit(30).await.unwrap().unwrap();
    let large = "x".repeat(1_000_000);
    let full = journal.append(append(1, &large, 1)).await;
    assert!(matches!(full, Err(AppendError::Unavailable(_))), "{full:?}");
    assert_eq!(*journal.watch().borrow(), Position(0));
    limit(100_000).await.unwrap().unwrap();
    let recorded = journal.append(append(1, &large, 1)).await.unwrap();
    assert_eq!(recorded[0].position, Position(1));
    assert_eq!(*journal.watch().borrow(), Position(1));
    assert_eq!(journal.read(Position(0), 10).await.unwrap(), owned(recorded));
}

#[tokio::test]
async fn an_append_waits_for_a_transaction_of_a_side_table_and_a_full_queue_says_so() {
    let db = Sqlite::open_in_memory().unwrap();
    let journal = Arc::new(open(&db).await.unwrap());
    let transaction = db.begin().await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    // One is in the appender's hand, the others fill the queue.
    for number in 0..=4_096_u128 {
        let journal = Arc::clone(&journal);
        waiting.spawn(async move { journal.append(append(number, "{}", 1)).await });
        tokio::task::yield_now().await;
    }
    assert_eq!(journal.queue_depth(), 4_096);
    let refused = journal.append(append(5_000, "{}", 1)).await;
    assert!(matches!(refused, Err(AppendError::QueueFull)), "{refused:?}");
    transaction.commit().await.unwrap();
    while let Some(answer) = waiting.join_next().await {
        answer.unwrap().unwrap();
    }
    assert_eq!(journal.queue_depth(), 0);
    assert_eq!(journal.committed_events(), 4_097);
    assert!(journal.committed_batches() <= 4, "{}", journal.committed_batches());
}

#[tokio::test]
async fn an_append_goes_through_though_its_caller_is_gone() {
    let db = Sqlite::open_in_memory().unwrap();
    let journal = open(&db).await.unwrap();
    let transaction = db.begin().await.unwrap();
    let mut head = journal.watch();
    let mut asked = Box::pin(journal.append(append(1, "{}", 1)));
    assert!(futures::poll!(asked.as_mut()).is_pending());
    drop(asked);
    transaction.commit().await.unwrap();
    head.wait_for(|position| *position == Position(1)).await.unwrap();
}

#[tokio::test]
async fn who_follows_the_end_is_given_it_from_memory() {
    let db = Sqlite::open_in_memory().expect("a database");
    let journal = open(&db).await.expect("a journal");
    assert_eq!(journal.tail(Position(0), 9).await.expect("it reads"), []);
    journal.append(append(1, "{}", 2)).await.expect("it goes in");
    db.execute("update events set event_type = 'post.rewritten'", vec![]).await.unwrap();
    let types = async || {
        let tail = journal.tail(Position(0), 9).await.expect("it reads");
        owned(tail).into_iter().map(|event| event.event_type).collect::<Vec<_>>()
    };
    assert_eq!(types().await, ["post.scheduled"; 2]);
    journal.rest();
    assert_eq!(types().await, ["post.rewritten"; 2], "given up at rest");
}
