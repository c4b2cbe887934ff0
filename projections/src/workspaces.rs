//! Workspaces: one row each, with the folded state. What waits to be sent is looked through by it: a paused one's waits.

use campanile_events::{
    db::{Database, DbError, Table, Value},
    ids::WorkspaceId,
    journal::{Recorded, StreamKind},
    workspace::{Workspace, WorkspaceEvent},
};
use cqrs_es::Aggregate;

use crate::{
    folded::{Subject, View},
    page::QueryError,
    projection::TableDefinition,
};

static WORKSPACES: TableDefinition = TableDefinition {
    table: Table {
        name: "workspaces",
        columns: &[
            "id",
            "workspace_id",
            "version",
            "position",
            "created_by",
            "created_at",
            "state",
            "paused_at",
            "plan",
        ],
        key: 1,
    },
    sqlite: "create table {name} (
            id blob primary key, workspace_id blob not null, version integer not null, position integer not null,
            created_by text not null, created_at text not null, state text not null, paused_at text, plan text
        ) strict, without rowid;",
    postgres: "create table {name} (
            id uuid primary key, workspace_id uuid not null, version bigint not null, position bigint not null,
            created_by text not null, created_at timestamptz not null, state json not null, paused_at timestamptz,
            plan text
        );",
};

/// The read model of workspaces.
pub struct Workspaces;

impl View for Workspaces {
    type Event = WorkspaceEvent;
    type State = Workspace;

    const NAME: &'static str = "workspaces";
    const VERSION: u32 = 2;
    const KIND: StreamKind = StreamKind::Workspace;
    const TABLES: &'static [&'static TableDefinition] = &[&WORKSPACES];

    fn fold(state: &mut Workspace, event: WorkspaceEvent, _recorded: &Recorded) {
        state.apply(event);
    }

    fn own(subject: &Subject<Workspace>) -> Vec<Value> {
        vec![subject.state.paused_at.into(), subject.state.plan.as_deref().into()]
    }
}

/// Every workspace, in the order of their ids; an engine has few.
///
/// # Errors
/// If the database doesn't answer.
pub async fn all(db: &dyn Database) -> Result<Vec<WorkspaceId>, QueryError> {
    ids(db, "select id from workspaces order by id").await
}

/// The workspaces that are paused.
///
/// # Errors
/// If the database doesn't answer.
pub async fn paused(db: &dyn Database) -> Result<Vec<WorkspaceId>, QueryError> {
    ids(db, "select id from workspaces where paused_at is not null order by id").await
}

/// The workspaces that have a plan, with its name.
///
/// # Errors
/// If the database doesn't answer.
pub async fn planned(db: &dyn Database) -> Result<Vec<(WorkspaceId, String)>, QueryError> {
    let sql = "select id, plan from workspaces where plan is not null order by id";
    let rows = db.query(sql, Vec::new()).await?;
    Ok(rows.iter().map(|row| Ok((row.uuid("id")?.into(), row.text("plan")?))).collect::<Result<_, DbError>>()?)
}

async fn ids(db: &dyn Database, sql: &str) -> Result<Vec<WorkspaceId>, QueryError> {
    let rows = db.query(sql, Vec::new()).await?;
    Ok(rows.iter().map(|row| row.uuid("id").map(Into::into)).collect::<Result<_, _>>()?)
}
