//! Targets: one row for each post on each account. Follows from the post's state.

use campanile_events::{db::Table, seal::Sealed};

use crate::{
    folded::{Derived, Subject},
    posts::PostState,
    projection::TableDefinition,
};

/// Nothing that changes is in an index, and half of each page is left free: PostgreSQL writes a changed row into its own
/// page then, and no index anew.
pub(crate) static TARGETS: TableDefinition = TableDefinition {
    table: Table {
        name: "targets",
        columns: &[
            "post_id",
            "account_id",
            "workspace_id",
            "platform",
            "ordinal",
            "status",
            "attempts",
            "url",
            "error",
            "published_at",
            "due_at",
            "next_at",
        ],
        key: 2,
    },
    sqlite: "create table {name} (
            post_id blob not null, account_id blob not null, workspace_id blob not null, platform text not null,
            ordinal integer not null, status text not null, attempts integer not null, url text, error text,
            published_at text, due_at text, next_at text, primary key (post_id, account_id)
        ) strict, without rowid;
        create index targets_account_{build} on {name} (account_id);",
    postgres: "create table {name} (
            post_id uuid not null, account_id uuid not null, workspace_id uuid not null, platform text not null,
            ordinal bigint not null, status text not null, attempts bigint not null, url text, error json,
            published_at timestamptz, due_at timestamptz, next_at timestamptz, primary key (post_id, account_id)
        ) with (fillfactor = 50);
        create index targets_account_{build} on {name} (account_id);",
};

pub(crate) fn rows(subject: &Subject<PostState>, out: &mut Vec<Derived>) {
    for (ordinal, target) in subject.state.post.targets.iter().enumerate() {
        let error = target.failure.as_ref().map(|failure| serde_json::json!(failure).to_string());
        let row = vec![
            subject.id.into(),
            target.account_id.uuid().into(),
            subject.workspace.uuid().into(),
            target.platform.as_str().into(),
            ordinal.into(),
            target.status().as_str().into(),
            target.attempts.len().into(),
            target.url.as_ref().map(Sealed::as_str).into(),
            error.into(),
            target.published_at.into(),
            target.due.into(),
            target.next_at().into(),
        ];
        out.push((&TARGETS, row));
    }
}
