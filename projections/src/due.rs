//! Due targets: what is to be done, at which target, when. A row stands only while something is. Follows from the post's
//! state; scheduler and sweeper read it, over all workspaces.

use std::collections::BTreeMap;

use campanile_events::{
    db::{Database, DbError, Row, Table, Value},
    ids::{AccountId, Position, PostId, WorkerId, WorkspaceId},
    post::{Phase, Post, Target},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    folded::{Derived, Subject},
    page::QueryError,
    posts::PostState,
    projection::TableDefinition,
};

pub(crate) static DUE_TARGETS: TableDefinition = TableDefinition {
    table: Table {
        name: "due_targets",
        columns: &[
            "post_id",
            "account_id",
            "workspace_id",
            "platform",
            "action",
            "next_at",
            "number",
            "worker",
            "changed_at",
        ],
        key: 2,
    },
    sqlite: "create table {name} (
            post_id blob not null, account_id blob not null, workspace_id blob not null, platform text not null,
            action text not null, next_at text not null, number integer not null, worker blob,
            changed_at integer not null, primary key (post_id, account_id)
        ) strict, without rowid;
        create index due_targets_next_{build} on {name} (next_at) where action <> 'watch';
        create index due_targets_watched_{build} on {name} (next_at) where action = 'watch';
        create index due_targets_changed_{build} on {name} (changed_at);",
    postgres: "create table {name} (
            post_id uuid not null, account_id uuid not null, workspace_id uuid not null, platform text not null,
            action text not null, next_at timestamptz not null, number bigint not null, worker uuid,
            changed_at bigint not null, primary key (post_id, account_id)
        );
        create index due_targets_next_{build} on {name} (next_at) where action <> 'watch';
        create index due_targets_watched_{build} on {name} (next_at) where action = 'watch';
        create index due_targets_changed_{build} on {name} (changed_at);",
};

/// What is to be done at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Begin an attempt.
    Send,
    /// Ask for, or repeat, a step whose fate is uncertain.
    Settle,
    /// See that the worker of a running attempt lives.
    Watch,
    /// Remove what stands on the platform: its post was deleted.
    Remove,
}

impl Action {
    const ALL: [Self; 4] = [Self::Send, Self::Settle, Self::Watch, Self::Remove];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Settle => "settle",
            Self::Watch => "watch",
            Self::Remove => "remove",
        }
    }
}

/// What is to be done at one target of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What.
    pub action: Action,
    /// When; for [`Action::Watch`] since when.
    pub next_at: DateTime<Utc>,
    /// The attempt: the next one's number for [`Action::Send`], else the newest one's.
    pub number: u32,
    /// Whose attempt is watched.
    pub worker: Option<WorkerId>,
    /// The event since which this is so.
    pub changed_at: Position,
}

impl Due {
    fn of(target: &Target, changed_at: Position) -> Option<Self> {
        if target.phase == Phase::Publishing {
            let running = target.newest()?;
            return Some(Self {
                action: Action::Watch,
                next_at: running.started_at,
                number: running.number,
                worker: Some(running.worker),
                changed_at,
            });
        }
        let newest = target.newest().map_or(0, |attempt| attempt.number);
        if let Some(next_at) = target.removal_at() {
            return Some(Self { action: Action::Remove, next_at, number: newest, worker: None, changed_at });
        }
        let next_at = target.next_at()?;
        let (action, number) = match target.phase {
            Phase::Settling(_) => (Action::Settle, newest),
            _ => (Action::Send, target.next_number()),
        };
        Some(Self { action, next_at, number, worker: None, changed_at })
    }
}

/// Brings `due` to what a post's targets wait for after the event at `position`; what did not change keeps its own.
pub(crate) fn follow(due: &mut BTreeMap<AccountId, Due>, post: &Post, position: Position) {
    due.retain(|account, _| post.target(*account).is_some());
    for target in &post.targets {
        let known = due.get(&target.account_id).copied();
        match Due::of(target, known.map_or(position, |due| due.changed_at)) {
            same if same == known => {}
            Some(other) => drop(due.insert(target.account_id, Due { changed_at: position, ..other })),
            None => drop(due.remove(&target.account_id)),
        }
    }
}

pub(crate) fn rows(subject: &Subject<PostState>, out: &mut Vec<Derived>) {
    for target in &subject.state.post.targets {
        let Some(due) = subject.state.due.get(&target.account_id) else { continue };
        let row = vec![
            subject.id.into(),
            target.account_id.uuid().into(),
            subject.workspace.uuid().into(),
            target.platform.as_str().into(),
            due.action.as_str().into(),
            due.next_at.into(),
            due.number.into(),
            due.worker.map(WorkerId::uuid).into(),
            due.changed_at.0.into(),
        ];
        out.push((&DUE_TARGETS, row));
    }
}

/// Something to be done at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTarget {
    /// The post.
    pub post_id: PostId,
    /// The target's account.
    pub account_id: AccountId,
    /// The workspace of both.
    pub workspace_id: WorkspaceId,
    /// The target's platform.
    pub platform: String,
    /// What.
    pub action: Action,
    /// When; for [`Action::Watch`] since when.
    pub next_at: DateTime<Utc>,
    /// The attempt: the next one's number for [`Action::Send`], else the newest one's.
    pub number: u32,
    /// Whose attempt is watched.
    pub worker: Option<WorkerId>,
    /// The event since which this is so.
    pub changed_at: Position,
}

/// What changed after `position` and is to be sent, settled or removed by `horizon`, in the log's order. The rows of one event come together:
/// there may be a few more than `limit`, and the next call goes on from the last row's `changed_at`.
///
/// # Errors
/// If the database doesn't answer.
pub async fn changed_since(
    db: &dyn Database,
    position: Position,
    horizon: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<DueTarget>, QueryError> {
    let sql =
        "select * from due_targets where changed_at > $1 and next_at <= $2 and action <> 'watch' and changed_at <= (
            select coalesce(max(changed_at), 0) from (
                select changed_at from due_targets where changed_at > $1 and next_at <= $2 and action <> 'watch'
                order by changed_at limit $3
            ) as first
        ) order by changed_at, post_id, account_id";
    read_all(db, sql, vec![position.0.into(), horizon.into(), limit.into()]).await
}

/// What is to be sent, settled or removed at `from` or later and before `to`, soonest first.
///
/// # Errors
/// If the database doesn't answer.
pub async fn between(
    db: &dyn Database,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<DueTarget>, QueryError> {
    let sql = "select * from due_targets where action <> 'watch' and next_at >= $1 and next_at < $2
        order by next_at limit $3";
    read_all(db, sql, vec![from.into(), to.into(), limit.into()]).await
}

/// What was to be sent, settled or removed before `before`, longest waiting first; nothing that a paused workspace would
/// send.
///
/// # Errors
/// If the database doesn't answer.
pub async fn overdue(db: &dyn Database, before: DateTime<Utc>, limit: usize) -> Result<Vec<DueTarget>, QueryError> {
    let sql =
        "select * from due_targets where action <> 'watch' and next_at < $1 and (action in ('settle', 'remove') or
            workspace_id not in (select id from workspaces where paused_at is not null))
        order by next_at limit $2";
    read_all(db, sql, vec![before.into(), limit.into()]).await
}

/// Running attempts, longest running first.
///
/// # Errors
/// If the database doesn't answer.
pub async fn watched(db: &dyn Database, limit: usize) -> Result<Vec<DueTarget>, QueryError> {
    let sql = "select * from due_targets where action = 'watch' order by next_at limit $1";
    read_all(db, sql, vec![limit.into()]).await
}

/// What has waited longest to be sent, settled or removed, or will be first: `next_at` may lie ahead. What a pause holds back is
/// left out: it waits because it was told to.
///
/// # Errors
/// If the database doesn't answer.
pub async fn oldest(db: &dyn Database) -> Result<Option<DueTarget>, QueryError> {
    let sql = "select * from due_targets where action <> 'watch'
            and workspace_id not in (select id from workspaces where paused_at is not null)
        order by next_at limit 1";
    Ok(read_all(db, sql, vec![]).await?.pop())
}

async fn read_all(db: &dyn Database, sql: &str, values: Vec<Value>) -> Result<Vec<DueTarget>, QueryError> {
    Ok(db.query(sql, values).await?.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> Result<DueTarget, DbError> {
    let word = row.text("action")?;
    let action = Action::ALL.into_iter().find(|action| action.as_str() == word);
    Ok(DueTarget {
        post_id: row.uuid("post_id")?.into(),
        account_id: row.uuid("account_id")?.into(),
        workspace_id: row.uuid("workspace_id")?.into(),
        platform: row.text("platform")?,
        action: action.ok_or(DbError::Column { column: "action".to_owned(), expected: "an action" })?,
        next_at: row.time("next_at")?,
        number: row.number("number")? as u32,
        worker: row.optional_uuid("worker")?.map(Into::into),
        changed_at: Position(row.number("changed_at")?),
    })
}
