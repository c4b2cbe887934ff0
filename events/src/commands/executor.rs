//! The executor: commands in, committed events and their position out.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::{LoadError, Loaded, Streamed, memory::Memory};
use crate::{
    clock::SharedClock,
    ids::{Position, Version, WorkspaceId},
    journal::{Actor, AppendError, Exceeded, Journal, Metadata, NewReceipt, Receipt, StreamId},
    outdated::Outdated,
    stored::UnreadableEvent,
};

/// Whether other processes append to the same journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// This process alone appends: what it remembers of a stream is what the stream holds.
    Alone,
    /// Other nodes append too: what is remembered answers nothing before an append has shown that it is the newest, or a
    /// look at the log has brought it up to date. Who wants it as it is asks [`Executor::remembered`].
    Shared,
}

/// A command for one stream.
#[derive(Debug, Clone)]
pub struct Request<C> {
    /// The workspace of who asks: a stream of another is as good as absent.
    pub workspace: WorkspaceId,
    /// Which stream.
    pub id: Uuid,
    /// What is asked.
    pub command: C,
    /// Where it comes from.
    pub metadata: Metadata,
    /// A receipt to keep with the events.
    pub receipt: Option<NewReceipt>,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Committed<A: Streamed> {
    /// The events that were appended; empty where nothing had to change.
    pub events: Vec<A::Event>,
    /// The state after them.
    pub state: Arc<A>,
    /// The stream's version after them.
    pub version: Version,
    /// The position of the last of them; of the stream's last event where there are none.
    pub position: Position,
    /// Who wrote the stream's first event; `None` where there still is none.
    pub begun_by: Option<Actor>,
}

/// Why a command was not carried out. Nothing of it was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError<E> {
    /// The aggregate refused it.
    #[error(transparent)]
    Refused(E),
    /// The stream belongs to another workspace.
    #[error("there is no such thing in this workspace")]
    NotFound,
    /// A unique name belongs to another stream.
    #[error("the {kind} is taken")]
    ClaimTaken {
        /// What sort of name.
        kind: String,
        /// The name.
        value: String,
        /// Who holds it.
        holder: StreamId,
    },
    /// A request with this idempotency key was carried out before.
    #[error("a request with this idempotency key was carried out before")]
    ReceiptExists(Box<Receipt>),
    /// A quota of the workspace's plan doesn't hold as much any more.
    #[error(transparent)]
    QuotaExceeded(Box<Exceeded>),
    /// The stream kept moving; try again.
    #[error("the stream kept moving")]
    Contended,
    /// The journal can't take it now; try again.
    #[error("the journal can't take it now: {0}")]
    Unavailable(String),
    /// The journal will never take it.
    #[error("the journal refuses it: {0}")]
    Invalid(String),
    /// The stream holds what this build can't read.
    #[error(transparent)]
    Unreadable(UnreadableEvent),
}

impl<E> From<LoadError> for CommandError<E> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(error) => Self::Unavailable(error.to_string()),
            LoadError::Unreadable(error) => Self::Unreadable(error),
        }
    }
}

impl<E> From<AppendError> for CommandError<E> {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::VersionConflict { .. } => Self::Contended,
            AppendError::ClaimTaken { kind, value, holder } => Self::ClaimTaken { kind, value, holder },
            AppendError::ReceiptExists(receipt) => Self::ReceiptExists(receipt),
            AppendError::QuotaExceeded(exceeded) => Self::QuotaExceeded(exceeded),
            refused @ AppendError::NotEmpty(_) => Self::Invalid(refused.to_string()),
            AppendError::Refused(reason) => Self::Invalid(reason),
            AppendError::QueueFull => Self::Unavailable("too many appends wait".to_owned()),
            AppendError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

/// What the caller of a command gets.
pub type Outcome<A> = Result<Committed<A>, CommandError<<A as cqrs_es::Aggregate>::Error>>;

/// Carries out commands of one kind of aggregate. Cheap to clone.
pub struct Executor<A: Streamed> {
    pub(super) shared: Arc<Shared<A>>,
}

impl<A: Streamed> Clone for Executor<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A: Streamed> std::fmt::Debug for Executor<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Executor({})", A::KIND)
    }
}

pub(super) struct Shared<A: Streamed> {
    pub journal: Arc<dyn Journal>,
    pub clock: SharedClock,
    pub services: A::Services,
    pub sharing: Sharing,
    /// Who is told of events that only a newer build knows.
    pub outdated: Outdated,
    /// Aggregates as they were last committed; they move by committed events only.
    pub memory: Memory<A>,
    /// For each stream with a running lane, who waits for it.
    pub lanes: Mutex<HashMap<Uuid, Vec<Waiting<A>>>>,
}

pub(super) struct Waiting<A: Streamed> {
    pub request: Request<A::Command>,
    /// Whether there should be nothing yet.
    pub begins: bool,
    pub reply: oneshot::Sender<Outcome<A>>,
}

impl<A> Executor<A>
where
    A: Streamed,
    A::Command: Clone + Send + Sync + 'static,
    A::Error: Clone + Send + 'static,
    A::Services: 'static,
{
    /// An executor on a journal that remembers up to `remember` aggregates.
    pub fn new(
        journal: Arc<dyn Journal>,
        clock: SharedClock,
        services: A::Services,
        sharing: Sharing,
        remember: NonZeroUsize,
    ) -> Self {
        Self::telling(journal, clock, services, sharing, remember, Outdated::default())
    }

    /// The same, telling of events that only a newer build knows.
    pub fn telling(
        journal: Arc<dyn Journal>,
        clock: SharedClock,
        services: A::Services,
        sharing: Sharing,
        remember: NonZeroUsize,
        outdated: Outdated,
    ) -> Self {
        let memory = Memory::of(remember);
        let lanes = Mutex::new(HashMap::new());
        Self { shared: Arc::new(Shared { journal, clock, services, sharing, outdated, memory, lanes }) }
    }

    /// The journal below.
    pub fn everywhere(&self) -> &Arc<dyn Journal> {
        &self.shared.journal
    }

    /// Whether other processes append to it, too.
    pub fn sharing(&self) -> Sharing {
        self.shared.sharing
    }

    /// Gives up what it remembers, for when nothing happens: what is wanted again is read again.
    pub fn rest(&self) {
        self.shared.memory.clear();
    }

    /// Carries a command out. It runs to its end even if the caller stops waiting.
    pub async fn execute(&self, request: Request<A::Command>) -> Outcome<A> {
        self.carry_out(request, false).await
    }

    /// The same for a command that begins its stream, whose id was made for it: it is decided as if there were none, and
    /// again if the log says otherwise.
    pub async fn begin(&self, request: Request<A::Command>) -> Outcome<A> {
        self.carry_out(request, true).await
    }

    async fn carry_out(&self, request: Request<A::Command>, begins: bool) -> Outcome<A> {
        let (reply, answer) = oneshot::channel();
        let id = request.id;
        let waiting = Waiting { request, begins, reply };
        let starts = {
            let mut lanes = lock(&self.shared.lanes);
            if let Some(lane) = lanes.get_mut(&id) {
                lane.push(waiting);
                false
            } else {
                lanes.insert(id, vec![waiting]);
                true
            }
        };
        if starts {
            tokio::spawn(super::lane::run(Arc::clone(&self.shared), id));
        }
        answer.await.unwrap_or_else(|_| Err(CommandError::Unavailable("the engine is stopping".to_owned())))
    }

    /// The aggregate as it is; `None` where the workspace has none of that id.
    ///
    /// # Errors
    /// If the journal can't be read, or an event can't.
    pub async fn load(&self, workspace: WorkspaceId, id: Uuid) -> Result<Option<Loaded<A>>, LoadError> {
        let loaded = self.shared.current(id).await?;
        Ok(Some(loaded).filter(|loaded| loaded.workspace == Some(workspace)))
    }

    /// The aggregate as this process last knew it, without a look at the log: others may have moved it since.
    pub fn remembered(&self, workspace: WorkspaceId, id: Uuid) -> Option<Loaded<A>> {
        self.shared.memory.get(id).filter(|loaded| loaded.workspace == Some(workspace))
    }

    /// The aggregate as it was at a position of the log; `None` where the workspace had none of that id.
    ///
    /// # Errors
    /// If the journal can't be read, or an event can't.
    pub async fn load_at(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        until: Position,
    ) -> Result<Option<Loaded<A>>, LoadError> {
        let loaded = super::load(self.shared.journal.as_ref(), id, Some(until)).await;
        let loaded = loaded.inspect_err(|error| self.shared.tell(error))?;
        Ok(Some(loaded).filter(|loaded| loaded.workspace == Some(workspace)))
    }
}

impl<A: Streamed> Shared<A> {
    /// The aggregate as whoever runs its lane sees it.
    pub async fn load(&self, id: Uuid) -> Result<Loaded<A>, LoadError> {
        match self.memory.get(id) {
            Some(loaded) if self.sharing == Sharing::Alone => return Ok(loaded),
            _ => {}
        }
        self.catch_up(id).await
    }

    /// The aggregate as everybody else has to see it: what a lane has committed, and followers of the log may have read by
    /// now, it remembers only afterwards.
    async fn current(&self, id: Uuid) -> Result<Loaded<A>, LoadError> {
        let is_moving = lock(&self.lanes).contains_key(&id);
        if is_moving { self.catch_up(id).await } else { self.load(id).await }
    }

    async fn catch_up(&self, id: Uuid) -> Result<Loaded<A>, LoadError> {
        let look = self.memory.look(id);
        let mut loaded = self.memory.get(id).unwrap_or_default();
        let known = loaded.version;
        loaded.catch_up(self.journal.as_ref(), id, None).await.inspect_err(|error| self.tell(error))?;
        if loaded.version > known {
            look.remember(&loaded);
        }
        Ok(loaded)
    }

    fn tell(&self, error: &LoadError) {
        if let LoadError::Unreadable(unknown @ UnreadableEvent::Unknown { .. }) = error {
            self.outdated.met(unknown);
        }
    }
}

/// What a panicking holder left is whole: nothing in the critical sections panics half way.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
