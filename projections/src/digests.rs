//! What each account gets, by its keyed digest: to find the post that says the same there. Follows from the post's state;
//! a row stands only while the target may show it, or does.

use campanile_events::{
    db::{Engine, Table, Value},
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

/// What may be there already: what an account gets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sought {
    /// Whose account it is.
    pub workspace: WorkspaceId,
    /// The account.
    pub account: AccountId,
    /// The keyed digest of what it gets.
    pub digest: String,
    /// What was written before is none of it.
    pub since: DateTime<Utc>,
}

/// For each of these, the posts that bring this content to the account, oldest first.
///
/// # Errors
/// If the database doesn't answer.
pub async fn posts<'a>(db: impl Into<Bound<'a>>, sought: &[Sought]) -> Result<Vec<Vec<PostId>>, QueryError> {
    let db = db.into().0;
    let mut found = vec![Vec::new(); sought.len()];
    match db.engine() {
        Engine::Sqlite => {
            let sql = "select post_id from content_digests
                where workspace_id = $1 and account_id = $2 and digest = $3 and created_at >= $4
                order by created_at, post_id limit 10";
            for (found, sought) in found.iter_mut().zip(sought) {
                let rows = db.query(sql, sought.values().into()).await?;
                *found = rows.iter().map(|row| row.uuid("post_id").map(Into::into)).collect::<Result<_, _>>()?;
            }
        }
        Engine::Postgres => {
            let Some(last) = sought.last() else { return Ok(found) };
            // So that there are few statements to plan, the last one fills them up.
            let many = sought.len().next_power_of_two();
            let place = |row: usize| {
                let [workspace, account, digest, since] = [1, 2, 3, 4].map(|column| row * 4 + column);
                format!("(${workspace}::uuid, ${account}::uuid, ${digest}::text, ${since}::timestamptz, {row}::bigint)")
            };
            let places = (0..many).map(place).collect::<Vec<_>>().join(", ");
            let sql = format!(
                "select sought.number, found.post_id
                from (values {places}) as sought (workspace_id, account_id, digest, since, number)
                cross join lateral (
                    select post_id, created_at from content_digests as own
                    where own.workspace_id = sought.workspace_id and own.account_id = sought.account_id
                        and own.digest = sought.digest and own.created_at >= sought.since
                    order by own.created_at, own.post_id limit 10
                ) as found
                order by sought.number, found.created_at, found.post_id"
            );
            let filled = sought.iter().chain(std::iter::repeat_n(last, many - sought.len()));
            for row in db.query(&sql, filled.flat_map(Sought::values).collect()).await? {
                let number = usize::try_from(row.number("number")?).unwrap_or(usize::MAX);
                // Beyond them are those that fill it up.
                if let Some(found) = found.get_mut(number) {
                    found.push(row.uuid("post_id")?.into());
                }
            }
        }
    }
    Ok(found)
}

impl Sought {
    fn values(&self) -> [Value; 4] {
        [self.workspace.uuid().into(), self.account.uuid().into(), self.digest.as_str().into(), self.since.into()]
    }
}
