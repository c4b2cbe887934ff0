//! A new epoch: the log was restored from a copy, and what happened after the copy was made is lost.

use std::collections::BTreeSet;

use campanile_events::{
    commands::{Executor, Request},
    ids::{Epoch, EventId, Position, Version, WorkspaceId},
    journal::{Actor, Append, AppendError, Expected, Head, Metadata, NewEvent, ReadAhead, ReadError, StreamKind},
    log::{EpochStarted, LogEvent, STREAM},
    merkle::checkpoint::{Checkpoint, VerifyingKey, open},
    outdated::Outdated,
    post::{Post, PostAction, PostCommand, PostServices},
    stored::StoredEvent,
};
use uuid::Uuid;

use crate::engine::{Core, Notary, Store};

const PAGE: usize = 1_000;

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEpoch {
    /// The epoch.
    pub epoch: Epoch,
    /// Where its first event stands.
    pub position: Position,
    /// How many events the last checkpoint known was over, where one was known.
    pub known: Option<u64>,
    /// How many targets may have been sent in what was lost, and are now unknown.
    pub unknown: u64,
}

/// Signed checkpoints, as notes.
#[derive(Debug, Clone, Default)]
pub struct KnownCheckpoints {
    /// Named by the operator: each must be of this log.
    pub given: Vec<String>,
    /// Found somewhere: those that are of this log count.
    pub kept: Vec<String>,
}

impl KnownCheckpoints {
    /// Whether those that were named bear the signature of this key.
    ///
    /// # Errors
    /// [`EpochError::Checkpoint`] for the first that doesn't.
    pub fn check(&self, verifying_key: &str) -> Result<(), EpochError> {
        let wrong = |reason: String| EpochError::Checkpoint(reason);
        let key = verifying_key.parse().map_err(|_| wrong("the verifying key doesn't read".to_owned()))?;
        self.given.iter().try_for_each(|note| open(note, &key).map(drop).map_err(|error| wrong(error.to_string())))
    }
}

/// Why no epoch was begun.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// There is no log to begin it in.
    #[error("the log is empty")]
    Empty,
    /// Nodes run on it.
    #[error("nodes still serve this log: stop them all first (one that was killed is forgotten after ten seconds)")]
    Served,
    /// A checkpoint is another log's, or another epoch's.
    #[error("the checkpoint is not one of this log's epoch: {0}")]
    Checkpoint(String),
    /// The log can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It can't be stored.
    #[error("it could not be stored: {0}")]
    Storage(String),
}

/// Makes what may have been sent since the copy was made unknown, post by post, and then begins the epoch with one event:
/// broken off before that event, it is done again from where it was. Nothing else may run on the log. Of the
/// checkpoints known the latest counts. With `scheduled_too`, nothing that was scheduled is sent by itself.
///
/// # Errors
/// [`EpochError::Checkpoint`] and [`EpochError::Served`] before anything was changed.
pub async fn begin_epoch(
    store: &Store,
    known: &KnownCheckpoints,
    scheduled_too: bool,
    seen: impl Fn(u64, u64),
) -> Result<NewEpoch, EpochError> {
    let head = store.journal.head().await?;
    if head.position == Position(0) {
        return Err(EpochError::Empty);
    }
    if store.is_served().await.map_err(storage)? {
        return Err(EpochError::Served);
    }
    let last = last_known(store, &head, known).await?;
    // Broken off, it has to be done to its end before anybody serves.
    store.marks.epoch_pends(head.epoch).await.map_err(storage)?;
    // They may have followed what was lost.
    store.forget_read_models().map_err(storage)?;
    let unknown = hold(store, head.position, scheduled_too, seen).await?;

    // A copy that is brought back a second time lacks the epochs that it was in since.
    let epoch = last.as_ref().map_or(head.epoch, |(_, known, _)| head.epoch.max(*known)).next();
    let (last_checkpoint, known) = last.map(|(note, _, checkpoint)| (note, checkpoint.size)).unzip();
    let events = (head.epoch.0 + 1..=epoch.0).map(|number| began(store, Epoch(number), last_checkpoint.clone()));
    let events = events.collect::<Result<_, _>>()?;
    let begun = store.journal.read_stream(STREAM, Version(0), usize::MAX >> 1).await?;
    let version = begun.last().map_or(Version(0), |event| event.version);
    let expected = vec![Expected { stream: STREAM, version }];
    let workspace = WorkspaceId::default();
    let appended =
        store.journal.append(Append { workspace, expected, events, receipts: Vec::new(), begins: false }).await;
    let appended = appended.map_err(|error: AppendError| storage(error))?;
    let position = appended.last().map_or(head.position, |event| event.position);
    Notary::of(store).sign_after(Position(0)).await.map_err(storage)?;
    Ok(NewEpoch { epoch, position, known, unknown })
}

fn began(store: &Store, epoch: Epoch, last_checkpoint: Option<String>) -> Result<NewEvent, EpochError> {
    let now = store.clock.now();
    let event = LogEvent::EpochStarted(EpochStarted { epoch, last_checkpoint, at: now });
    Ok(NewEvent {
        id: EventId::fresh(now),
        workspace: None,
        stream: STREAM,
        event_type: event.name().to_owned(),
        schema: event.schema(),
        payload: event.payload().map_err(storage)?,
        metadata: Metadata::by(Actor::operator()),
        claims: Vec::new(),
    })
}

/// A checkpoint of the log that `key` signs, with the epoch that it was signed in.
///
/// # Errors
/// If it is another log's, or doesn't read.
pub fn signed(note: &str, key: &VerifyingKey) -> Result<(Epoch, Checkpoint), String> {
    let checkpoint = open(note, key).map_err(|error| error.to_string())?;
    let origin = checkpoint.origin.as_str();
    let number = origin.strip_prefix(key.name().as_str()).and_then(|rest| rest.strip_prefix("/epoch-"));
    let epoch = number.and_then(|number| number.parse().ok()).map(Epoch);
    epoch.map(|epoch| (epoch, checkpoint.clone())).ok_or_else(|| format!("it was signed over {origin}"))
}

/// The latest checkpoint that this log's key signed in its epoch or a later one, of those given and those kept.
async fn last_known(
    store: &Store,
    head: &Head,
    known: &KnownCheckpoints,
) -> Result<Option<(String, Epoch, Checkpoint)>, EpochError> {
    let key = store.signing_key.verifying_key();
    let read = |note: &String| match signed(note, &key)? {
        (epoch, checkpoint) if epoch >= head.epoch => Ok((note.clone(), epoch, checkpoint)),
        (_, checkpoint) => Err(format!("it was signed over {}", checkpoint.origin.as_str())),
    };
    let mut found = known.given.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(EpochError::Checkpoint)?;
    // Those of an epoch before say nothing of this one.
    let own = store.checkpoints.newest().await.map_err(storage)?;
    found.extend(own.iter().chain(&known.kept).filter_map(|note| read(note).ok()));
    Ok(found.into_iter().max_by_key(|(_, epoch, checkpoint)| (*epoch, checkpoint.size)))
}

/// Holds every post; answers how many targets became unknown.
async fn hold(store: &Store, end: Position, scheduled_too: bool, seen: impl Fn(u64, u64)) -> Result<u64, EpochError> {
    let (mut posts, mut after) = (BTreeSet::<(WorkspaceId, Uuid)>::new(), Position(0));
    let log = ReadAhead::of(&store.journal);
    while after < end {
        let events = log.read(after, PAGE).await?;
        let Some(last) = events.last() else { break };
        after = last.position;
        posts.extend(
            events.iter().filter(|it| it.stream.kind == StreamKind::Post).map(|it| (it.workspace, it.stream.id)),
        );
        seen(after.0, end.0);
    }
    let (services, outdated) = (PostServices::default(), Outdated::default());
    let executor: Executor<Post> = Core::executor(&store.journal, store.sharing, &store.clock, services, &outdated);
    let (mut held, all) = (0, posts.len() as u64);
    for (done, (workspace, id)) in (1..).zip(posts) {
        let command = PostCommand::new(store.clock.now(), 0.5, PostAction::HoldRestored { scheduled_too });
        let metadata = Metadata::by(Actor::operator());
        let done_to = executor.execute(Request { workspace, id, command, metadata, receipt: None }).await;
        held += done_to.map_err(storage)?.events.len() as u64;
        seen(done, all);
    }
    Ok(held)
}

fn storage(error: impl std::fmt::Display) -> EpochError {
    EpochError::Storage(error.to_string())
}
