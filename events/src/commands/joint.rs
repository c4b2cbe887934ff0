//! Commands to several streams that are stored together or not at all, decided on the versions that the append checks.
//!
//! A lane is for one stream; what concerns several goes past the lanes and meets them at the append: who decided on a
//! version that has moved decides again ([`Tries`]).

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{CommandError, Executor, Loaded, Streamed, decide, new_events};
use crate::{
    ids::{Position, Version, WorkspaceId},
    journal::{Append, AppendError, Expected, Journal, Metadata, NewEvent, NewReceipt, Recorded, StreamId},
};

/// How often a decision is made again because a stream moved.
const MOST_TRIES: u64 = 12;

/// What is to be stored as one, as it grows.
pub struct Joint {
    workspace: WorkspaceId,
    metadata: Metadata,
    receipt: Option<NewReceipt>,
    expected: Vec<Expected>,
    events: Vec<NewEvent>,
    journal: Option<Arc<dyn Journal>>,
    /// The last that was known of the streams: where everything stands if nothing has to change.
    position: Position,
    /// What executors remember: told what was recorded, or that nothing was.
    after: Vec<After>,
}

type After = Box<dyn FnOnce(Option<&[Arc<Recorded>]>) + Send>;

impl std::fmt::Debug for Joint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joint").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl Joint {
    /// Nothing yet. A receipt is kept in `workspace`.
    pub fn new(workspace: WorkspaceId, metadata: Metadata, receipt: Option<NewReceipt>) -> Self {
        let (expected, events, after) = (Vec::new(), Vec::new(), Vec::new());
        Self { workspace, metadata, receipt, expected, events, journal: None, position: Position(0), after }
    }

    /// Decides commands to one stream, in order, and gives its state after them. Each stream is asked once.
    ///
    /// # Errors
    /// The aggregate's own refusal, or that the stream can't be read. Then nothing of it all is to be appended.
    pub async fn ask<A>(
        &mut self,
        executor: &Executor<A>,
        workspace: WorkspaceId,
        id: Uuid,
        commands: impl IntoIterator<Item = A::Command>,
    ) -> Result<Arc<A>, CommandError<A::Error>>
    where
        A: Streamed<Command: Send, Error: Send, Services: 'static>,
    {
        let shared = &executor.shared;
        let look = shared.memory.look(id);
        let mut loaded = shared.load(id).await?;
        if loaded.workspace.is_some_and(|owner| owner != workspace) {
            return Err(CommandError::NotFound);
        }
        let from = loaded.version;
        let mut made = Vec::new();
        for command in commands {
            let decided = decide(loaded.state.as_ref(), command, &shared.services).await;
            let (events, state) = decided.map_err(CommandError::Refused)?;
            made.extend(events);
            loaded.state = Arc::new(state);
        }
        let written = new_events::<A>(id, &made, &self.metadata, shared.clock.now());
        let mut written = written.map_err(CommandError::Unreadable)?;
        for event in &mut written {
            event.workspace = Some(workspace).filter(|it| *it != self.workspace);
        }
        self.events.append(&mut written);
        self.expect::<A>(id, from, loaded.position);
        self.journal = Some(Arc::clone(&shared.journal));
        let state = Arc::clone(&loaded.state);
        let shared = Arc::clone(shared);
        self.after.push(Box::new(move |recorded| {
            let Some(recorded) = recorded else { return shared.memory.forget(id) };
            let stream = StreamId::new(A::KIND, id);
            let Some(last) = recorded.iter().rev().find(|event| event.stream == stream) else { return };
            loaded.version = last.version;
            loaded.position = last.position;
            loaded.workspace = Some(last.workspace);
            loaded.begun_by.get_or_insert_with(|| last.metadata.actor.clone());
            look.remember(&loaded);
        }));
        Ok(state)
    }

    /// Goes in only while this stream is as it was read: something was decided by it.
    pub fn relies_on<A>(&mut self, executor: &Executor<A>, id: Uuid, read: &Loaded<A>)
    where
        A: Streamed<Command: Send, Error: Send, Services: 'static>,
    {
        self.expect::<A>(id, read.version, read.position);
        let shared = Arc::clone(&executor.shared);
        self.after.push(Box::new(move |recorded| {
            if recorded.is_none() {
                shared.memory.forget(id);
            }
        }));
    }

    fn expect<A: Streamed>(&mut self, id: Uuid, version: Version, position: Position) {
        self.expected.push(Expected { stream: StreamId::new(A::KIND, id), version });
        self.position = self.position.max(position);
    }

    /// Appends all of it, and gives the position of the last event. Runs to its end even if the caller stops waiting.
    ///
    /// # Errors
    /// [`AppendError::VersionConflict`] where a stream moved since it was read: decide again.
    pub async fn append(self) -> Result<Position, AppendError> {
        let Self { workspace, receipt, expected, events, journal, position, after, .. } = self;
        let Some(journal) = journal.filter(|_| !events.is_empty()) else { return Ok(position) };
        let receipts = receipt.into_iter().collect();
        let appending = tokio::spawn(async move {
            let appended = journal.append(Append { workspace, expected, events, receipts, begins: false }).await;
            for tell in after {
                tell(appended.as_deref().ok());
            }
            appended.map(|recorded| recorded.last().map_or(position, |last| last.position))
        });
        appending.await.unwrap_or_else(|_| Err(AppendError::Unavailable("the engine is stopping".to_owned())))
    }
}

/// How often something was decided again.
#[derive(Debug, Default)]
pub struct Tries(u64);

impl Tries {
    /// Waits a moment before the next try, where a stream moved and there is one.
    ///
    /// # Errors
    /// The error itself, where another try would not help or there were enough.
    pub async fn again(&mut self, error: AppendError) -> Result<(), AppendError> {
        self.0 += 1;
        if !matches!(error, AppendError::VersionConflict { .. }) || self.0 >= MOST_TRIES {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(self.0)).await;
        Ok(())
    }
}
