//! Attempts: every try at every target. Follows from the post's state.

use campanile_events::{
    db::{DbError, Row, Table},
    ids::{AccountId, PostId, WorkerId, WorkspaceId},
    post::{Failure, Step},
};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use crate::{
    Bound,
    folded::{Derived, Subject},
    page::QueryError,
    posts::PostState,
    projection::TableDefinition,
};

/// The outcome of an attempt after which the target was live.
const PUBLISHED: &str = "published";

/// Room for what an attempt came to, in the page that it began in.
pub(crate) static ATTEMPTS: TableDefinition = TableDefinition {
    table: Table {
        name: "attempts",
        columns: &[
            "post_id",
            "account_id",
            "number",
            "workspace_id",
            "worker",
            "started_at",
            "ended_at",
            "outcome",
            "error",
            "steps",
            "delivery",
        ],
        key: 3,
    },
    sqlite: "create table {name} (
            post_id blob not null, account_id blob not null, number integer not null, workspace_id blob not null,
            worker blob not null, started_at text not null, ended_at text, outcome text, error text,
            steps text not null, delivery text not null, primary key (post_id, account_id, number)
        ) strict, without rowid;",
    postgres: "create table {name} (
            post_id uuid not null, account_id uuid not null, number bigint not null, workspace_id uuid not null,
            worker uuid not null, started_at timestamptz not null, ended_at timestamptz, outcome text, error json,
            steps json not null, delivery text not null, primary key (post_id, account_id, number)
        ) with (fillfactor = 50);",
};

pub(crate) fn rows(subject: &Subject<PostState>, out: &mut Vec<Derived>) {
    for target in &subject.state.post.targets {
        for attempt in &target.attempts {
            let failure = attempt.end.as_ref().map(|end| end.failure.as_ref());
            let outcome = failure.map(|failure| failure.map_or(PUBLISHED, |failure| failure.class.as_str()));
            let error = failure.flatten().map(|failure| serde_json::json!(failure).to_string());
            let row = vec![
                subject.id.into(),
                target.account_id.uuid().into(),
                attempt.number.into(),
                subject.workspace.uuid().into(),
                attempt.worker.uuid().into(),
                attempt.started_at.into(),
                attempt.end.as_ref().map(|end| end.at).into(),
                outcome.into(),
                error.into(),
                serde_json::json!(target.made_by(attempt.number).collect::<Vec<_>>()).to_string().into(),
                attempt.delivery.class().into(),
            ];
            out.push((&ATTEMPTS, row));
        }
    }
}

/// One try at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// The target's account.
    pub account_id: AccountId,
    /// Counts from 1 on that target.
    pub number: u32,
    /// Whose it was.
    pub worker: WorkerId,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended, if it did.
    pub ended_at: Option<DateTime<Utc>>,
    /// `published`, or the class of its failure; `None` while it runs.
    pub outcome: Option<String>,
    /// Its failure, with the platform's message sealed.
    pub failure: Option<Failure>,
    /// The steps that it finished.
    pub steps: Vec<Step>,
    /// The delivery class that it went by.
    pub delivery: String,
}

/// Every try at a post, account by account, oldest first.
///
/// # Errors
/// If the database doesn't answer, or a row doesn't read.
pub async fn of_post<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    post: PostId,
) -> Result<Vec<AttemptRow>, QueryError> {
    let db = db.into().0;
    let sql = "select * from attempts where post_id = $1 and workspace_id = $2 order by account_id, number";
    let rows = db.query(sql, vec![post.uuid().into(), workspace.uuid().into()]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> Result<AttemptRow, DbError> {
    Ok(AttemptRow {
        account_id: row.uuid("account_id")?.into(),
        number: row.number("number")? as u32,
        worker: row.uuid("worker")?.into(),
        started_at: row.time("started_at")?,
        ended_at: row.optional_time("ended_at")?,
        outcome: row.optional_text("outcome")?,
        failure: row.optional_text("error")?.map(|text| json(&text, "error")).transpose()?,
        steps: json(&row.text("steps")?, "steps")?,
        delivery: row.text("delivery")?,
    })
}

fn json<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|_| DbError::Column { column: column.to_owned(), expected: "its JSON" })
}
