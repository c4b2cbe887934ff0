//! SQLite keeps the journal's contract, in a file and in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use campanile_events::{
    clock::{Clock, SharedClock, SystemClock},
    db::{Database, Durability, Sqlite},
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{
        Actor, Append, Expected, Journal, Metadata, NewEvent, ReadError, SqliteJournal, StreamId, StreamKind,
        contract::{Engine, exercise},
    },
    merkle::Leaf,
};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use tempfile::TempDir;
use uuid::Uuid;

struct Files(TempDir);

#[async_trait]
impl Engine for Files {
    async fn open(&self, log: &str, clock: SharedClock) -> Arc<dyn Journal> {
        let db = Sqlite::open(&self.0.path().join(log), Durability::Full).expect("the file opens");
        Arc::new(SqliteJournal::open(db, clock).await.expect("the journal opens"))
    }
}

/// A database in memory lives as long as someone holds it; opening its log again finds the same one.
#[derive(Default)]
struct Memory(Mutex<HashMap<String, Sqlite>>);

#[async_trait]
impl Engine for Memory {
    async fn open(&self, log: &str, clock: SharedClock) -> Arc<dyn Journal> {
        let db = self
            .0
            .lock()
            .expect("no opener panicked")
            .entry(log.to_owned())
            .or_insert_with(|| Sqlite::open_in_memory().expect("memory opens"))
            .clone();
        Arc::new(SqliteJournal::open(db, clock).await.expect("the journal opens"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_keep_the_contract() {
    exercise(Arc::new(Files(tempfile::tempdir().unwrap()))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    exercise(Arc::new(Memory::default())).await;
}

#[tokio::test]
async fn the_root_is_the_one_that_another_implementation_finds() {
    let journal = SqliteJournal::open(Sqlite::open_in_memory().unwrap(), SystemClock::shared()).await.unwrap();
    for number in 0..100 {
        let stream = StreamId::new(StreamKind::Post, Uuid::from_u128(number));
        let events = (0..=number % 3).map(|event| NewEvent {
            id: EventId::from(Uuid::from_u128(number << 8 | event)),
            workspace: None,
            stream,
            event_type: "post.scheduled".to_owned(),
            schema: 1,
            payload: format!("{{\"number\":{number}}}"),
            metadata: Metadata::by(Actor::engine()),
            claims: vec![],
        });
        let expected = vec![Expected { stream, version: Version(0) }];
        let workspace = WorkspaceId::from(Uuid::from_u128(number % 7));
        journal
            .append(Append { workspace, expected, events: events.collect(), receipts: vec![], begins: false })
            .await
            .unwrap();

        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        for event in journal.read(Position(0), 1_000).await.unwrap() {
            tree.push(Leaf::of(&event).encode());
        }
        let head = journal.head().await.unwrap();
        assert_eq!(head.position.0, tree.len());
        assert_eq!(head.root.0.as_slice(), tree.root().as_bytes().as_slice());
    }
}

#[tokio::test]
async fn a_kind_of_stream_that_a_newer_build_made_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let db = Sqlite::open(&folder.path().join("log"), Durability::Full).unwrap();
    let journal = SqliteJournal::open(db.clone(), SystemClock::shared()).await.unwrap();
    let stream = StreamId::new(StreamKind::Post, Uuid::from_u128(1));
    let event = |_| NewEvent {
        id: EventId::fresh(SystemClock::default().now()),
        workspace: None,
        stream,
        event_type: "post.scheduled".to_owned(),
        schema: 1,
        payload: "{}".to_owned(),
        metadata: Metadata::by(Actor::engine()),
        claims: vec![],
    };
    let expected = vec![Expected { stream, version: Version(0) }];
    let (workspace, events) = (WorkspaceId::from(Uuid::from_u128(1)), (0..3).map(event).collect());
    journal.append(Append { workspace, expected, events, receipts: vec![], begins: false }).await.unwrap();
    db.execute("update events set stream_kind = 'choir' where position = 2", vec![]).await.unwrap();
    let read = journal.read(Position(0), 10).await.unwrap_err();
    assert!(matches!(&read, ReadError::Newer { position: Position(2), reason } if reason.contains("choir")), "{read}");
}
