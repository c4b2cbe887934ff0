//! API keys: one row each, with the folded state. Nothing here tells a key's secret.

use campanile_events::{
    db::{Database, Row, Table, Value},
    ids::{KeyId, Position, WorkspaceId},
    journal::{Actor, Recorded, StreamKind},
    key::{Key, KeyEvent, KeyStatus},
};
use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;

use crate::{
    Bound,
    folded::{Subject, View},
    page::{self, Conditions, Listed, Page, Paged, QueryError},
    projection::TableDefinition,
};

/// Rows that are read at once where each has to be looked into.
const LOOKED_AT: usize = 200;

static KEYS: TableDefinition = TableDefinition {
    table: Table {
        name: "keys",
        columns: &[
            "key_id",
            "workspace_id",
            "version",
            "position",
            "created_by",
            "created_at",
            "state",
            "prefix",
            "mode",
            "expires_at",
            "revoked_at",
        ],
        key: 1,
    },
    sqlite: "create table {name} (
            key_id blob primary key, workspace_id blob not null, version integer not null, position integer not null,
            created_by text not null, created_at text not null, state text not null, prefix text not null,
            mode text not null, expires_at text, revoked_at text
        ) strict, without rowid;
        create index keys_newest_{build} on {name} (workspace_id, created_at, key_id);
        create index keys_changed_{build} on {name} (position);",
    postgres: "create table {name} (
            key_id uuid primary key, workspace_id uuid not null, version bigint not null, position bigint not null,
            created_by text not null, created_at timestamptz not null, state json not null, prefix text not null,
            mode text not null, expires_at timestamptz, revoked_at timestamptz
        );
        create index keys_newest_{build} on {name} (workspace_id, created_at, key_id);
        create index keys_changed_{build} on {name} (position);",
};

/// The read model of keys.
pub struct Keys;

impl View for Keys {
    type Event = KeyEvent;
    type State = Key;

    const NAME: &'static str = "keys";
    const VERSION: u32 = 3;
    const KIND: StreamKind = StreamKind::Key;
    const TABLES: &'static [&'static TableDefinition] = &[&KEYS];

    fn fold(state: &mut Key, event: KeyEvent, _recorded: &Recorded) {
        state.apply(event);
    }

    fn own(subject: &Subject<Key>) -> Vec<Value> {
        let key = &subject.state;
        vec![key.prefix.as_str().into(), key.mode.as_str().into(), key.expires_at.into(), key.revoked_at.into()]
    }
}

/// A key as lists give it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// Who made it.
    pub created_by: Actor,
    /// When that was recorded: the lists' order.
    pub recorded_at: DateTime<Utc>,
    /// Its state.
    pub key: Key,
}

/// A part of the list of keys.
pub type KeyPage = Paged<KeyRow>;

impl Listed for KeyRow {
    const TABLE: &'static str = "keys";
    const ID: &'static str = "key_id";

    fn read(row: &Row) -> Result<Self, QueryError> {
        let subject = Subject::<Key>::read(row, Self::ID)?;
        Ok(Self {
            id: subject.id.into(),
            created_by: subject.created_by,
            recorded_at: subject.created_at,
            key: subject.state,
        })
    }
}

/// Which keys; what is absent doesn't matter.
#[derive(Default, Clone, Copy)]
pub struct KeyFilter<'a> {
    /// Standing so at an instant.
    pub status: Option<(KeyStatus, DateTime<Utc>)>,
    /// What only who can open sealed text can tell.
    pub matches: Option<&'a (dyn Fn(&Key) -> bool + Sync)>,
}

/// Keys of a workspace, newest first.
///
/// # Errors
/// [`QueryError::Cursor`] for a cursor that is none.
pub async fn list<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    filter: &KeyFilter<'_>,
    page: &Page,
) -> Result<KeyPage, QueryError> {
    let db = db.into().0;
    let conditions = || {
        let mut conditions = Conditions::of(workspace);
        match filter.status {
            Some((KeyStatus::Revoked, _)) => conditions.and("revoked_at is not null", []),
            Some((KeyStatus::Expired, now)) => {
                conditions.and("revoked_at is null and expires_at <= ?", [now.into()]);
            }
            Some((KeyStatus::Active, now)) => {
                conditions.and("revoked_at is null and (expires_at is null or expires_at > ?)", [now.into()]);
            }
            None => {}
        }
        conditions
    };
    let Some(matches) = filter.matches else { return page::list(db, conditions(), page).await };
    // Row by row: what is looked for is known to no index.
    let mut part = Page { limit: LOOKED_AT, offset: 0, cursor: page.cursor.clone() };
    let mut found: Vec<KeyRow> = Vec::new();
    let mut passed_over = 0;
    loop {
        let next = page::list::<KeyRow>(db, conditions(), &part).await?;
        for row in next.rows.into_iter().filter(|row| matches(&row.key)) {
            if passed_over < page.offset {
                passed_over += 1;
            } else if found.len() < page.limit {
                found.push(row);
            } else {
                let next_cursor =
                    found.last().map(|last| page::cursor::<KeyRow>(&conditions(), last.recorded_at, last.id.uuid()));
                return Ok(Paged { rows: found, next_cursor });
            }
        }
        part.cursor = match next.next_cursor {
            Some(cursor) => Some(cursor),
            None => return Ok(Paged { rows: found, next_cursor: None }),
        };
    }
}

/// One key, revoked or not.
///
/// # Errors
/// If the database doesn't answer.
pub async fn get<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    id: KeyId,
) -> Result<Option<KeyRow>, QueryError> {
    let db = db.into().0;
    page::get(db, workspace, id.uuid()).await
}

/// A key of any workspace, as its last event left it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedKey {
    /// Its id.
    pub id: KeyId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// Where that last event stands.
    pub position: Position,
    /// Its state.
    pub key: Key,
}

/// The keys of all workspaces whose last event stands after a position, in that order, so many at most: for who keeps up
/// with every key.
///
/// # Errors
/// If the database doesn't answer, or a row is not one that this build wrote.
pub async fn changed_after(db: &dyn Database, after: Position, most: usize) -> Result<Vec<ChangedKey>, QueryError> {
    let select = "select key_id, workspace_id, version, position, created_by, created_at, state from keys
        where position > $1 order by position limit $2";
    let rows = db.query(select, vec![after.0.into(), most.into()]).await?;
    let read = |row: &Row| {
        let Subject { id, workspace, position, state: key, .. } = Subject::<Key>::read(row, KeyRow::ID)?;
        Ok(ChangedKey { id: id.into(), workspace, position, key })
    };
    rows.iter().map(read).collect()
}
