//! Folding a stream into an aggregate, and events into what the journal takes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use uuid::Uuid;

use crate::{
    account::Account,
    ids::{EventId, Position, Version, WorkspaceId},
    invitation::Invitation,
    journal::{Actor, Journal, Metadata, NewEvent, ReadError, Recorded, StreamId, StreamKind},
    key::Key,
    media::Media,
    organization::Organization,
    person::Person,
    post::Post,
    stored::{StoredEvent, UnreadableEvent},
    workspace::Workspace,
};

/// How many events of a stream are read at once.
const PAGE: usize = 500;

/// An aggregate that the journal keeps.
pub trait Streamed: Aggregate<Event: StoredEvent> + Clone + Send + Sync + 'static {
    /// The kind of its streams.
    const KIND: StreamKind;
}

macro_rules! streamed {
    ($($aggregate:ty => $kind:ident),* $(,)?) => {
        $(impl Streamed for $aggregate {
            const KIND: StreamKind = StreamKind::$kind;
        })*
    };
}
streamed! {
    Organization => Organization,
    Person => Person,
    Workspace => Workspace,
    Key => Key,
    Account => Account,
    Post => Post,
    Media => Media,
    Invitation => Invitation,
}

/// Why an aggregate could not be loaded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// The journal gave nothing.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event can't be read by this build.
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
}

/// An aggregate as of a version of its stream.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// The folded state. Shared by all who read it: it moves by a copy.
    pub state: Arc<A>,
    /// The version it was folded to; 0 for a stream without events.
    pub version: Version,
    /// The position of its last event.
    pub position: Position,
    /// The workspace that the stream belongs to; `None` for a stream without events.
    pub workspace: Option<WorkspaceId>,
    /// Who wrote its first event; `None` for a stream without events.
    pub begun_by: Option<Actor>,
}

impl<A: Default> Default for Loaded<A> {
    fn default() -> Self {
        Self { state: Arc::default(), version: Version(0), position: Position(0), workspace: None, begun_by: None }
    }
}

impl<A: Streamed> Loaded<A> {
    /// Folds one more event.
    ///
    /// # Errors
    /// If this build can't read it.
    pub fn fold(&mut self, recorded: &Recorded) -> Result<(), UnreadableEvent> {
        let event = A::Event::read(&recorded.event_type, recorded.schema, &recorded.payload)?;
        Arc::make_mut(&mut self.state).apply(event);
        self.version = recorded.version;
        self.position = recorded.position;
        self.workspace = Some(recorded.workspace);
        self.begun_by.get_or_insert_with(|| recorded.metadata.actor.clone());
        Ok(())
    }

    /// Folds what the stream holds beyond this version, up to and with `until` in the log.
    ///
    /// # Errors
    /// If the journal can't be read, or an event can't.
    pub async fn catch_up(
        &mut self,
        journal: &dyn Journal,
        id: Uuid,
        until: Option<Position>,
    ) -> Result<(), LoadError> {
        loop {
            let page = journal.read_stream(StreamId::new(A::KIND, id), self.version, PAGE).await?;
            for recorded in &page {
                if until.is_some_and(|until| recorded.position > until) {
                    return Ok(());
                }
                self.fold(recorded)?;
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }
}

/// Loads an aggregate as it is, or as it was at a position of the log.
///
/// # Errors
/// If the journal can't be read, or an event can't.
pub async fn load<A: Streamed>(
    journal: &dyn Journal,
    id: Uuid,
    until: Option<Position>,
) -> Result<Loaded<A>, LoadError> {
    let mut loaded = Loaded::default();
    loaded.catch_up(journal, id, until).await?;
    Ok(loaded)
}

/// Decides a command on a copy of the state: the events that follow, and the state after them.
///
/// # Errors
/// The aggregate's own refusal.
pub async fn decide<A: Streamed>(
    state: &A,
    command: A::Command,
    services: &A::Services,
) -> Result<(Vec<A::Event>, A), A::Error> {
    let mut after = state.clone();
    let sink = EventSink::default();
    after.handle(command, services, &sink).await?;
    Ok((sink.collect().await, after))
}

/// Events as the journal takes them.
///
/// # Errors
/// If one can't be written as JSON.
pub fn new_events<A: Streamed>(
    id: Uuid,
    events: &[A::Event],
    metadata: &Metadata,
    now: DateTime<Utc>,
) -> Result<Vec<NewEvent>, UnreadableEvent> {
    let made = events.iter().enumerate().map(|(at, event)| {
        let payload = event.payload();
        // A command counts once, however many events it leads to.
        let counted = metadata.counted.clone().filter(|_| at == 0);
        Ok(NewEvent {
            id: EventId::fresh(now),
            workspace: None,
            stream: StreamId::new(A::KIND, id),
            event_type: event.name().to_owned(),
            schema: event.schema(),
            payload: payload.map_err(|error| UnreadableEvent::malformed(event.name(), event.schema(), error))?,
            metadata: Metadata { counted, ..metadata.clone() },
            claims: event.claims(),
        })
    });
    made.collect()
}
