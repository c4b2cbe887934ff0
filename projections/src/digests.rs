//! What each account gets, by its keyed digest: to find the post that says the same there. Follows from the post's state;
//! a row stands only while the target may show it, or does.

use campanile_events::{
    db::Table,
    ids::{AccountId, PostId, WorkspaceId},
    post::{RemovalStage, TargetStatus},
};
use chrono::{DateTime, Utc};

use crate::{
    Bound,
    folded::{Derived, Subject},
    page::QueryError,
    posts::PostState,
    projection::TableDefinition,
};

pub(crate) static DIGESTS: TableDefinition = TableDefinition {
    table: Table {
        name: "content_digests",
        columns: &["workspace_id", "account_id", "digest", "post_id", "created_at"],
        key: 4,
    },
    sqlite: "create table {name} (
            workspace_id blob not null, account_id blob not null, digest text not null, post_id blob not null,
            created_at text not null, primary key (workspace_id, account_id, digest, post_id)
        ) strict, without rowid;",
    postgres: "create table {name} (
            workspace_id uuid not null, account_id uuid not null, digest text not null, post_id uuid not null,
            created_at timestamptz not null, primary key (workspace_id, account_id, digest, post_id)
        );",
};

pub(crate) fn rows(subject: &Subject<PostState>, out: &mut Vec<Derived>) {
    let post = &subject.state.post;
    for target in &post.targets {
        let over = matches!(target.status(), TargetStatus::Failed | TargetStatus::Missed | TargetStatus::Canceled);
        let removed = target.removal.as_ref().is_some_and(|removal| removal.stage == RemovalStage::Removed);
        // What was deleted here still stands on the platform, or may soon.
        let stands = matches!(target.status(), TargetStatus::Published | TargetStatus::Publishing);
        let gone = over || removed || (post.deleted && !stands);
        let Some(digest) = post.digests.get(&target.account_id).filter(|_| !gone) else { continue };
        let row = vec![
            subject.workspace.uuid().into(),
            target.account_id.uuid().into(),
            digest.as_str().into(),
            subject.id.into(),
            subject.created_at.into(),
        ];
        out.push((&DIGESTS, row));
    }
}

/// Posts written at `since` or later that bring this content to the account, oldest first.
///
/// # Errors
/// If the database doesn't answer.
pub async fn posts<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    account: AccountId,
    digest: &str,
    since: DateTime<Utc>,
) -> Result<Vec<PostId>, QueryError> {
    let db = db.into().0;
    let sql = "select post_id from content_digests
        where workspace_id = $1 and account_id = $2 and digest = $3 and created_at >= $4
        order by created_at, post_id limit 10";
    let values = vec![workspace.uuid().into(), account.uuid().into(), digest.into(), since.into()];
    let rows = db.query(sql, values).await?;
    Ok(rows.iter().map(|row| row.uuid("post_id").map(Into::into)).collect::<Result<_, _>>()?)
}
