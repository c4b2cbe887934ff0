//! Accounts: one row each, with the folded state.

use campanile_events::{
    account::{Account, AccountEvent, AccountStatus},
    db::{Row, Table, Value},
    ids::{AccountId, WorkspaceId},
    journal::{Actor, Recorded, StreamKind},
};
use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;

use crate::{
    Bound,
    folded::{Subject, View},
    page::{self, Conditions, Listed, Page, Paged, QueryError},
    projection::TableDefinition,
};

static ACCOUNTS: TableDefinition = TableDefinition {
    table: Table {
        name: "accounts",
        columns: &[
            "account_id",
            "workspace_id",
            "version",
            "position",
            "created_by",
            "created_at",
            "state",
            "platform",
            "server",
            "status",
            "rate_limited_until",
        ],
        key: 1,
    },
    sqlite: "create table {name} (
            account_id blob primary key, workspace_id blob not null, version integer not null,
            position integer not null, created_by text not null, created_at text not null, state text not null,
            platform text not null, server text not null, status text not null, rate_limited_until text
        ) strict, without rowid;
        create index accounts_newest_{build} on {name} (workspace_id, created_at, account_id);",
    postgres: "create table {name} (
            account_id uuid primary key, workspace_id uuid not null, version bigint not null,
            position bigint not null, created_by text not null, created_at timestamptz not null, state json not null,
            platform text not null, server text not null, status text not null, rate_limited_until timestamptz
        );
        create index accounts_newest_{build} on {name} (workspace_id, created_at, account_id);",
};

/// The read model of accounts.
pub struct Accounts;

impl View for Accounts {
    type Event = AccountEvent;
    type State = Account;

    const NAME: &'static str = "accounts";
    const VERSION: u32 = 1;
    const KIND: StreamKind = StreamKind::Account;
    const TABLES: &'static [&'static TableDefinition] = &[&ACCOUNTS];

    fn fold(state: &mut Account, event: AccountEvent, _recorded: &Recorded) {
        state.apply(event);
    }

    fn own(subject: &Subject<Account>) -> Vec<Value> {
        let account = &subject.state;
        vec![
            account.platform.as_str().into(),
            account.server.as_str().into(),
            account.status.as_str().into(),
            account.rate_limited_until.into(),
        ]
    }
}

/// An account as lists give it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Who connected it.
    pub created_by: Actor,
    /// When that was recorded: the lists' order.
    pub recorded_at: DateTime<Utc>,
    /// Its state.
    pub account: Account,
}

/// Which accounts; what is absent doesn't matter.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// On this platform.
    pub platform: Option<String>,
    /// Standing so; absent for all that are not disconnected.
    pub status: Option<AccountStatus>,
}

/// A part of the list of accounts.
pub type AccountPage = Paged<AccountRow>;

impl Listed for AccountRow {
    const TABLE: &'static str = "accounts";
    const ID: &'static str = "account_id";

    fn read(row: &Row) -> Result<Self, QueryError> {
        let subject = Subject::<Account>::read(row, Self::ID)?;
        Ok(Self {
            id: subject.id.into(),
            created_by: subject.created_by,
            recorded_at: subject.created_at,
            account: subject.state,
        })
    }
}

/// Accounts of a workspace, newest first.
///
/// # Errors
/// [`QueryError::Cursor`] for a cursor that is none.
pub async fn list<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    filter: &AccountFilter,
    page: &Page,
) -> Result<AccountPage, QueryError> {
    let db = db.into().0;
    let mut conditions = Conditions::of(workspace);
    match filter.status {
        Some(status) => conditions.and("status = ?", [status.as_str().into()]),
        None => conditions.and("status <> ?", [AccountStatus::Disconnected.as_str().into()]),
    }
    if let Some(platform) = &filter.platform {
        conditions.and("platform = ?", [platform.as_str().into()]);
    }
    page::list(db, conditions, page).await
}

/// One account, disconnected or not.
///
/// # Errors
/// If the database doesn't answer.
pub async fn get<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    id: AccountId,
) -> Result<Option<AccountRow>, QueryError> {
    let db = db.into().0;
    page::get(db, workspace, id.uuid()).await
}
