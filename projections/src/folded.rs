//! A read model whose rows follow from one aggregate's state: the state is folded by the aggregate itself and kept
//! beside its rows, so that a column can't say something else than the aggregate does.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use campanile_events::{
    db::{Row, Value},
    ids::{Position, Version, WorkspaceId},
    journal::{Actor, Recorded, StreamKind},
    stored::StoredEvent,
};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    page::QueryError,
    projection::{ApplyError, Projection, TableDefinition},
    rows::{RowCache, Span},
};

/// States kept in memory between batches, so that a busy stream isn't read again for each.
const REMEMBERED: usize = 2_000;

/// Events whose states are read at once: a server ends a transaction that says nothing for long.
const TOGETHER: usize = 250;

/// What a folded read model is made of.
pub trait View: Send + Sync + 'static {
    /// The aggregate's events.
    type Event: StoredEvent;
    /// The aggregate's state, with what the rows need besides.
    type State: Default + Serialize + DeserializeOwned + Send + Sync;

    /// The projection's name.
    const NAME: &'static str;
    /// The projection's version.
    const VERSION: u32;
    /// The streams that it follows.
    const KIND: StreamKind;
    /// Its tables. The first has one row a stream, with the columns of every own row first.
    const TABLES: &'static [&'static TableDefinition];

    /// Changes the state.
    fn fold(state: &mut Self::State, event: Self::Event, recorded: &Recorded);

    /// The columns of the stream's own row that follow those of every own row.
    fn own(_subject: &Subject<Self::State>) -> Vec<Value> {
        Vec::new()
    }

    /// The rows of the other tables, each with its key first. Those of the state before that aren't among them are
    /// deleted.
    fn others(_subject: &Subject<Self::State>, _out: &mut Vec<Derived>) {}
}

/// A row that follows from a state.
pub type Derived = (&'static TableDefinition, Vec<Value>);

/// One stream's state, with what its events say of it in their headers.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject<S> {
    /// Its id.
    pub id: Uuid,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// Its stream's version.
    pub version: Version,
    /// Its last event.
    pub position: Position,
    /// Who began it.
    pub created_by: Actor,
    /// When its first event was recorded: lists go by it, as it never changes and never runs back.
    pub created_at: DateTime<Utc>,
    /// What its events come to.
    pub state: S,
}

impl<S: Default + Serialize + DeserializeOwned> Subject<S> {
    fn begun_by(recorded: &Recorded) -> Self {
        Self {
            id: recorded.stream.id,
            workspace: recorded.workspace,
            version: Version(0),
            position: Position(0),
            created_by: recorded.metadata.actor.clone(),
            created_at: recorded.recorded_at,
            state: S::default(),
        }
    }

    /// The first columns of its row: id, `workspace_id`, `version`, `position`, `created_by`, `created_at`, `state`.
    fn columns(&self) -> Result<Vec<Value>, serde_json::Error> {
        Ok(vec![
            self.id.into(),
            self.workspace.uuid().into(),
            self.version.0.into(),
            self.position.0.into(),
            self.created_by.as_str().into(),
            self.created_at.into(),
            serde_json::to_string(&self.state)?.into(),
        ])
    }

    /// Reads its row.
    ///
    /// # Errors
    /// If the row is not one that this build wrote.
    pub(crate) fn read(row: &Row, id: &str) -> Result<Self, QueryError> {
        let id = row.uuid(id)?;
        let unreadable = |error: serde_json::Error| QueryError::State { id: id.to_string(), reason: error.to_string() };
        Ok(Self {
            id,
            workspace: row.uuid("workspace_id")?.into(),
            version: Version(row.number("version")?),
            position: Position(row.number("position")?),
            created_by: Actor::of(row.text("created_by")?),
            created_at: row.time("created_at")?,
            state: serde_json::from_str(&row.text("state")?).map_err(unreadable)?,
        })
    }
}

/// The projection of a view.
pub struct Folded<V: View> {
    remembered: Mutex<Remembered<V::State>>,
}

struct Remembered<S> {
    /// What the tables held when these were written.
    span: Option<Span>,
    subjects: HashMap<Uuid, Held<S>>,
}

struct Held<S> {
    subject: Subject<S>,
    /// Its rows of the other tables, as they are written.
    written: Vec<Derived>,
}

impl<S> Default for Remembered<S> {
    fn default() -> Self {
        Self { span: None, subjects: HashMap::new() }
    }
}

impl<V: View> Default for Folded<V> {
    fn default() -> Self {
        Self { remembered: Mutex::default() }
    }
}

impl<V: View> Folded<V> {
    fn take(&self) -> Remembered<V::State> {
        std::mem::take(&mut *self.remembered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees to it that every stream of these events is held: what isn't remembered is read, all of it at once.
    async fn hold(
        subjects: &mut HashMap<Uuid, Held<V::State>>,
        batch: &[&Recorded],
        rows: &mut RowCache<'_>,
    ) -> Result<(), ApplyError> {
        let mut wanted = HashMap::new();
        for recorded in batch {
            let id = recorded.stream.id;
            if subjects.contains_key(&id) || wanted.contains_key(&id) {
                continue;
            }
            if recorded.version == Version(1) {
                subjects.insert(id, Held { subject: Subject::begun_by(recorded), written: Vec::new() });
            } else {
                wanted.insert(id, *recorded);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let keys = wanted.keys().map(|id| vec![(*id).into()]).collect();
        let id = V::TABLES[0].table.columns[0];
        for row in rows.before(V::TABLES[0], keys).await? {
            let Some(recorded) = wanted.remove(&row.uuid(id)?) else { continue };
            let subject = Subject::read(&row, id).map_err(|error| ApplyError::event(recorded, error))?;
            let mut written = Vec::new();
            V::others(&subject, &mut written);
            subjects.insert(recorded.stream.id, Held { subject, written });
        }
        // The first of several, so that the log decides which one is told of.
        let lost = wanted.into_values().min_by_key(|recorded| recorded.position);
        lost.map_or(Ok(()), |lost| Err(ApplyError::event(lost, "nothing is known of the stream's beginning")))
    }

    fn fold(held: &mut Held<V::State>, recorded: &Recorded) -> Result<(), ApplyError> {
        let subject = &mut held.subject;
        if recorded.version != subject.version.next() {
            let reason = format!("version {} follows {}", recorded.version, subject.version);
            return Err(ApplyError::event(recorded, reason));
        }
        let event = V::Event::read(&recorded.event_type, recorded.schema, &recorded.payload)
            .map_err(|error| ApplyError::unreadable(recorded, error))?;
        V::fold(&mut subject.state, event, recorded);
        subject.version = recorded.version;
        subject.position = recorded.position;
        Ok(())
    }

    fn write(held: &mut Held<V::State>, rows: &mut RowCache<'_>) -> Result<(), serde_json::Error> {
        let mut own = held.subject.columns()?;
        own.extend(V::own(&held.subject));
        rows.put(V::TABLES[0], own);
        let mut derived = Vec::with_capacity(held.written.len());
        V::others(&held.subject, &mut derived);
        for (table, row) in &held.written {
            let key = &row[..table.table.key];
            let is_same = |(other, row): &Derived| other.table.name == table.table.name && row.starts_with(key);
            if !derived.iter().any(is_same) {
                rows.delete(table, key.to_vec());
            }
        }
        for (table, row) in &derived {
            let is_same = |(other, written): &Derived| other.table.name == table.table.name && written == row;
            if !held.written.iter().any(is_same) {
                rows.put(table, row.clone());
            }
        }
        held.written = derived;
        Ok(())
    }
}

#[async_trait]
impl<V: View> Projection for Folded<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn version(&self) -> u32 {
        V::VERSION
    }

    fn tables(&self) -> &'static [&'static TableDefinition] {
        V::TABLES
    }

    async fn apply(&self, batch: &[&Recorded], rows: &mut RowCache<'_>) -> Result<(), ApplyError> {
        let span = rows.span();
        let mut remembered = self.take();
        if remembered.span.is_none_or(|before| (before.build, before.to) != (span.build, span.after)) {
            remembered.subjects.clear();
        }
        let mut subjects = remembered.subjects;
        let mut touched = BTreeSet::new();
        let own: Vec<&Recorded> = batch.iter().copied().filter(|recorded| recorded.stream.kind == V::KIND).collect();
        for part in own.chunks(TOGETHER) {
            Self::hold(&mut subjects, part, rows).await?;
            for recorded in part {
                let held = subjects.get_mut(&recorded.stream.id).expect("it was held just now");
                Self::fold(held, recorded)?;
                touched.insert(recorded.stream.id);
            }
        }
        for id in &touched {
            let held = subjects.get_mut(id).expect("a touched stream is held");
            Self::write(held, rows).map_err(|error| ApplyError::State { id: *id, reason: error.to_string() })?;
        }
        if subjects.len() > REMEMBERED {
            subjects.retain(|id, _| touched.contains(id));
        }
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = Remembered { span: Some(span), subjects };
        Ok(())
    }

    fn forget(&self) {
        drop(self.take());
    }
}
