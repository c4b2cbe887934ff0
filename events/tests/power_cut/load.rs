//! What is appended until the disk goes dark.

use std::{path::Path, sync::Arc};

use campanile_events::{
    clock::SystemClock,
    db::{Database, Durability, Sqlite},
    ids::{EventId, Version, WorkspaceId},
    journal::{
        Actor, Append, Expected, Head, Journal, Metadata, NewEvent, ReadError, Recorded, SqliteJournal, StreamId,
        StreamKind, owned,
    },
};
use futures::future::join_all;
use uuid::Uuid;

use crate::chance::Chance;

/// How many append at once.
const WRITERS: usize = 8;

/// What the journal said was so.
#[derive(Debug, Default)]
pub struct Said {
    pub acknowledged: Vec<Recorded>,
    pub heads: Vec<Head>,
}

impl Said {
    pub fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.heads.extend(other.heads);
    }
}

/// # Errors
/// If the file can't be opened, or is damaged.
pub async fn open(folder: &Path, durability: Durability) -> Result<(Sqlite, Arc<dyn Journal>), ReadError> {
    let db = Sqlite::open(&folder.join("journal.db"), durability)?;
    let journal = SqliteJournal::open(db.clone(), SystemClock::shared()).await?;
    Ok((db, Arc::new(journal)))
}

/// Appends, reads and checkpoints until the disk is dark. What was opened is closed then. `None` if it can't be opened: it
/// may go dark in the middle of a recovery.
pub async fn until_dark(folder: &Path, durability: Durability, chance: &mut Chance) -> Option<Said> {
    let (db, journal) = open(folder, durability).await.ok()?;
    let looker = tokio::spawn(look(Arc::clone(&journal), Chance::of(chance.next()), db));
    let writers = (0..WRITERS).map(|_| tokio::spawn(write(Arc::clone(&journal), Chance::of(chance.next()))));
    let mut said = Said::default();
    for one in join_all(writers).await {
        said.acknowledged.extend(one.expect("a writer ends"));
    }
    // With the last who holds it the journal's own task ends, and so does who follows it.
    drop(journal);
    said.heads = looker.await.expect("the looker ends");
    Some(said)
}

/// One stream after another, until an append fails.
async fn write(journal: Arc<dyn Journal>, mut chance: Chance) -> Vec<Recorded> {
    let mut acknowledged = Vec::new();
    loop {
        let stream = StreamId::new(StreamKind::Post, Uuid::from_u64_pair(chance.next(), chance.next()));
        let mut version = 0;
        for _ in 0..chance.below(5) {
            let count = 1 + chance.below(3);
            let events = (0..count).map(|_| event(stream, &mut chance)).collect();
            let expected = vec![Expected { stream, version: Version(version) }];
            let workspace = WorkspaceId::from(Uuid::from_u128(u128::from(chance.below(3))));
            match journal.append(Append { workspace, expected, events, receipts: vec![], begins: false }).await {
                Ok(recorded) => acknowledged.extend(owned(recorded)),
                Err(_) => return acknowledged,
            }
            version += count;
        }
    }
}

fn event(stream: StreamId, chance: &mut Chance) -> NewEvent {
    NewEvent {
        id: EventId::from(Uuid::from_u64_pair(chance.next(), chance.next())),
        stream,
        workspace: None,
        event_type: "post.scheduled".to_owned(),
        schema: 1,
        payload: format!("{{\"text\":\"{}\"}}", "bell ".repeat(chance.below(400) as usize)),
        metadata: Metadata::by(Actor::engine()),
        claims: vec![],
    }
}

/// Notes the heads that can be seen after each append, and now and then has the WAL moved into the file.
async fn look(journal: Arc<dyn Journal>, mut chance: Chance, db: Sqlite) -> Vec<Head> {
    let mut heads = Vec::new();
    let (mut news, shared) = (journal.watch(), Arc::downgrade(&journal));
    drop(journal);
    while news.changed().await.is_ok() {
        let Some(journal) = shared.upgrade() else { break };
        let Ok(head) = journal.head().await else { break };
        drop(journal);
        if chance.below(8) == 0 {
            heads.push(head);
        }
        if chance.below(10) == 0 && db.tidy().await.is_err() {
            break;
        }
    }
    heads
}
