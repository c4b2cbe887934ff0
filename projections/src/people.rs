//! People: one row each, with the folded state, and one for each workspace that is open to them. Nothing here tells a
//! password or a session.

use campanile_events::{
    db::{Row, Table},
    ids::{PersonId, WorkspaceId},
    journal::{Recorded, StreamKind},
    person::{Person, PersonEvent, Role},
};
use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;

use crate::{
    Bound,
    folded::{Derived, Subject, View},
    page::{self, Conditions, Listed, Page, Paged, QueryError},
    projection::TableDefinition,
};

static PEOPLE: TableDefinition = TableDefinition {
    table: Table {
        name: "people",
        columns: &["person_id", "workspace_id", "version", "position", "created_by", "created_at", "state"],
        key: 1,
    },
    sqlite: "create table {name} (
            person_id blob primary key, workspace_id blob not null, version integer not null,
            position integer not null, created_by text not null, created_at text not null, state text not null
        ) strict, without rowid;
        create index people_newest_{build} on {name} (workspace_id, created_at, person_id);",
    postgres: "create table {name} (
            person_id uuid primary key, workspace_id uuid not null, version bigint not null, position bigint not null,
            created_by text not null, created_at timestamptz not null, state json not null
        );
        create index people_newest_{build} on {name} (workspace_id, created_at, person_id);",
};

/// Where a person's record is says nothing of where they may work: that stands here.
static ROLES: TableDefinition = TableDefinition {
    table: Table { name: "person_roles", columns: &["open_workspace_id", "person_id", "role"], key: 2 },
    sqlite: "create table {name} (
            open_workspace_id blob not null, person_id blob not null, role text not null,
            primary key (open_workspace_id, person_id)
        ) strict, without rowid;",
    postgres: "create table {name} (
            open_workspace_id uuid not null, person_id uuid not null, role text not null,
            primary key (open_workspace_id, person_id)
        );",
};

/// The read model of people.
pub struct People;

impl View for People {
    type Event = PersonEvent;
    type State = Person;

    const NAME: &'static str = "people";
    const VERSION: u32 = 1;
    const KIND: StreamKind = StreamKind::Person;
    const TABLES: &'static [&'static TableDefinition] = &[&PEOPLE, &ROLES];

    fn fold(state: &mut Person, event: PersonEvent, _recorded: &Recorded) {
        state.apply(event);
    }

    fn others(subject: &Subject<Person>, out: &mut Vec<Derived>) {
        for (workspace, role) in &subject.state.roles {
            out.push((&ROLES, vec![workspace.uuid().into(), subject.id.into(), role.as_str().into()]));
        }
    }
}

/// A person as lists give them.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    /// Their id.
    pub id: PersonId,
    /// When that was recorded: the lists' order.
    pub recorded_at: DateTime<Utc>,
    /// Their record.
    pub person: Person,
}

impl Listed for PersonRow {
    const TABLE: &'static str = "people";
    const ID: &'static str = "person_id";

    fn read(row: &Row) -> Result<Self, QueryError> {
        let subject = Subject::<Person>::read(row, Self::ID)?;
        Ok(Self { id: subject.id.into(), recorded_at: subject.created_at, person: subject.state })
    }
}

/// The people of a workspace, the newest first. Their records are in the workspace `home`.
///
/// # Errors
/// [`QueryError::Cursor`] for a cursor that is none.
pub async fn list<'a>(
    db: impl Into<Bound<'a>>,
    home: WorkspaceId,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<PersonRow>, QueryError> {
    let db = db.into().0;
    let mut conditions = Conditions::of(home);
    let open = "person_id in (select person_id from person_roles where open_workspace_id = ?)";
    conditions.and(open, [workspace.uuid().into()]);
    page::list(db, conditions, page).await
}

/// Who has a role in a workspace, in the order of their ids.
///
/// # Errors
/// If the database doesn't answer.
pub async fn with_role<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    role: Role,
) -> Result<Vec<PersonId>, QueryError> {
    let db = db.into().0;
    let select = "select person_id from person_roles where open_workspace_id = $1 and role = $2 order by person_id";
    let rows = db.query(select, vec![workspace.uuid().into(), role.as_str().into()]).await?;
    Ok(rows.iter().map(|row| row.uuid("person_id").map(Into::into)).collect::<Result<_, _>>()?)
}
