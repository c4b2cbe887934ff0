//! cqrs-es's event store on the journal: one for all aggregates.

use std::{collections::HashMap, sync::Arc};

use cqrs_es::{AggregateContext, AggregateError, EventEnvelope, EventStore};
use uuid::Uuid;

use super::{LoadError, Loaded, Streamed, load, new_events};
use crate::{
    clock::SharedClock,
    ids::WorkspaceId,
    journal::{Actor, Append, AppendError, Expected, Journal, Metadata, StreamId},
    stored::StoredEvent,
};

/// cqrs-es's view of the journal, for one workspace.
#[derive(Debug, Clone)]
pub struct JournalStore {
    journal: Arc<dyn Journal>,
    clock: SharedClock,
    workspace: WorkspaceId,
}

/// An aggregate that was loaded to be changed.
#[derive(Debug, Clone)]
pub struct Context<A> {
    id: String,
    loaded: Loaded<A>,
}

impl<A: Streamed> AggregateContext<A> for Context<A> {
    fn aggregate(&mut self) -> &mut A {
        Arc::make_mut(&mut self.loaded.state)
    }
}

impl JournalStore {
    /// A store whose commits belong to `workspace`.
    pub fn new(journal: Arc<dyn Journal>, clock: SharedClock, workspace: WorkspaceId) -> Self {
        Self { journal, clock, workspace }
    }
}

impl<A: Streamed> EventStore<A> for JournalStore {
    type AC = Context<A>;

    async fn load_events(&self, aggregate_id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let stream = StreamId::new(A::KIND, uuid(aggregate_id)?);
        let recorded = self.journal.read_stream(stream, crate::ids::Version(0), usize::MAX).await.map_err(other)?;
        let envelopes = recorded.into_iter().map(|it| {
            Ok(EventEnvelope {
                aggregate_id: aggregate_id.to_owned(),
                sequence: usize::try_from(it.version.0).unwrap_or(usize::MAX),
                payload: A::Event::read(&it.event_type, it.schema, &it.payload).map_err(malformed)?,
                metadata: HashMap::from([("actor".to_owned(), it.metadata.actor.to_string())]),
            })
        });
        envelopes.collect()
    }

    async fn load_aggregate(&self, aggregate_id: &str) -> Result<Context<A>, AggregateError<A::Error>> {
        let id = uuid(aggregate_id)?;
        let loaded = load(self.journal.as_ref(), id, None).await;
        let loaded = loaded.map_err(|error| match error {
            LoadError::Read(error) => other(error),
            LoadError::Unreadable(error) => malformed(error),
        })?;
        Ok(Context { id: aggregate_id.to_owned(), loaded })
    }

    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: Context<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let id = uuid(&context.id)?;
        let actor = metadata.get("actor").map_or_else(Actor::engine, Actor::of);
        let written = new_events::<A>(id, &events, &Metadata::by(actor), self.clock.now()).map_err(malformed)?;
        let expected = Expected { stream: StreamId::new(A::KIND, id), version: context.loaded.version };
        let append = Append {
            workspace: self.workspace,
            expected: vec![expected],
            events: written,
            receipts: Vec::new(),
            begins: false,
        };
        let recorded = self.journal.append(append).await.map_err(|error| match error {
            AppendError::VersionConflict { .. } => AggregateError::AggregateConflict,
            error => other(error),
        })?;
        let envelopes = recorded.iter().zip(events).map(|(it, payload)| EventEnvelope {
            aggregate_id: context.id.clone(),
            sequence: usize::try_from(it.version.0).unwrap_or(usize::MAX),
            payload,
            metadata: metadata.clone(),
        });
        Ok(envelopes.collect())
    }
}

fn uuid<E: std::error::Error>(text: &str) -> Result<Uuid, AggregateError<E>> {
    text.parse::<Uuid>().map_err(other)
}

fn other<E: std::error::Error>(error: impl std::error::Error + Send + Sync + 'static) -> AggregateError<E> {
    AggregateError::UnexpectedError(Box::new(error))
}

fn malformed<E: std::error::Error>(error: impl std::error::Error + Send + Sync + 'static) -> AggregateError<E> {
    AggregateError::DeserializationError(Box::new(error))
}
