//! Posts: one row each, with the folded state. What belongs to one target stands in `targets`, `attempts` and
//! `due_targets`; those tables follow from the same state and are written with it.

use std::collections::BTreeMap;

use campanile_events::{
    db::{Row, Table, Value},
    ids::{AccountId, PostId, WorkspaceId},
    journal::{Actor, Recorded, StreamKind},
    post::{Post, PostEvent, PostStatus, TargetStatus},
};
use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use serde::{Deserialize, Serialize};

use crate::{
    Bound, attempts, digests,
    due::{self, Due},
    folded::{Derived, Subject, View},
    page::{self, Conditions, Listed, Page, Paged, QueryError},
    projection::TableDefinition,
    targets,
};

static POSTS: TableDefinition = TableDefinition {
    table: Table {
        name: "posts",
        columns: &[
            "post_id",
            "workspace_id",
            "version",
            "position",
            "created_by",
            "created_at",
            "state",
            "status",
            "revision",
            "due_at",
            "updated_at",
            "deleted",
            "target_count",
        ],
        key: 1,
    },
    sqlite: "create table {name} (
            post_id blob primary key, workspace_id blob not null, version integer not null, position integer not null,
            created_by text not null, created_at text not null, state text not null, status text not null,
            revision integer not null, due_at text, updated_at text, deleted integer not null,
            target_count integer not null
        ) strict, without rowid;
        create index posts_newest_{build} on {name} (workspace_id, created_at, post_id);
        create index posts_status_{build} on {name} (workspace_id, status, created_at, post_id);",
    postgres: "create table {name} (
            post_id uuid primary key, workspace_id uuid not null, version bigint not null, position bigint not null,
            created_by text not null, created_at timestamptz not null, state text not null, status text not null,
            revision bigint not null, due_at timestamptz, updated_at timestamptz, deleted boolean not null,
            target_count bigint not null
        );
        create index posts_newest_{build} on {name} (workspace_id, created_at, post_id);
        create index posts_status_{build} on {name} (workspace_id, status, created_at, post_id);",
};

static TAGS: TableDefinition = TableDefinition {
    table: Table { name: "post_tags", columns: &["workspace_id", "tag_index", "post_id"], key: 3 },
    sqlite: "create table {name} (
            workspace_id blob not null, tag_index text not null, post_id blob not null,
            primary key (workspace_id, tag_index, post_id)
        ) strict, without rowid;",
    postgres: "create table {name} (
            workspace_id uuid not null, tag_index text not null, post_id uuid not null,
            primary key (workspace_id, tag_index, post_id)
        );",
};

/// The read model of posts and of all that belongs to them.
pub struct Posts;

/// A post, with what waits to be done at its targets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PostState {
    /// The post.
    pub post: Post,
    /// For each target that something is to be done at: what, and since which event.
    pub due: BTreeMap<AccountId, Due>,
}

impl View for Posts {
    type Event = PostEvent;
    type State = PostState;

    const NAME: &'static str = "posts";
    const VERSION: u32 = 4;
    const KIND: StreamKind = StreamKind::Post;
    const TABLES: &'static [&'static TableDefinition] =
        &[&POSTS, &TAGS, &targets::TARGETS, &attempts::ATTEMPTS, &due::DUE_TARGETS, &digests::DIGESTS];

    fn fold(state: &mut PostState, event: PostEvent, recorded: &Recorded) {
        state.post.apply(event);
        due::follow(&mut state.due, &state.post, recorded.position);
    }

    fn own(subject: &Subject<PostState>) -> Vec<Value> {
        let post = &subject.state.post;
        vec![
            post.status().as_str().into(),
            post.revision.into(),
            post.when.as_ref().map(|when| when.at).into(),
            post.updated_at.into(),
            post.deleted.into(),
            post.targets.len().into(),
        ]
    }

    fn others(subject: &Subject<PostState>, out: &mut Vec<Derived>) {
        for tag in &subject.state.post.tags {
            let row = vec![subject.workspace.uuid().into(), tag.index.as_str().into(), subject.id.into()];
            if !out.iter().any(|(_, other)| *other == row) {
                out.push((&TAGS, row));
            }
        }
        targets::rows(subject, out);
        attempts::rows(subject, out);
        due::rows(subject, out);
        digests::rows(subject, out);
    }
}

/// A post as lists give it.
#[derive(Debug, Clone, PartialEq)]
pub struct PostRow {
    /// Its id.
    pub id: PostId,
    /// Who wrote it.
    pub created_by: Actor,
    /// When that was recorded: the lists' order.
    pub recorded_at: DateTime<Utc>,
    /// Its state.
    pub post: Post,
}

/// Which posts; what is absent doesn't matter. Deleted ones are never among them.
#[derive(Debug, Clone, Default)]
pub struct PostFilter {
    /// Standing so.
    pub status: Option<PostStatus>,
    /// With a target that stands so.
    pub target_status: Option<TargetStatus>,
    /// With a target on this account.
    pub account_id: Option<AccountId>,
    /// With a target on this platform.
    pub platform: Option<String>,
    /// With this tag, by its keyed digest.
    pub tag_index: Option<String>,
    /// Written by this actor.
    pub created_by: Option<Actor>,
    /// Due at this instant or later; posts without a due time go by when they were written.
    pub from: Option<DateTime<Utc>>,
    /// Due before this instant, likewise.
    pub to: Option<DateTime<Utc>>,
    /// Without a target on any other account than these; none sets no bound.
    pub only_accounts: Vec<AccountId>,
}

/// A part of the list of posts.
pub type PostPage = Paged<PostRow>;

impl Listed for PostRow {
    const TABLE: &'static str = "posts";
    const ID: &'static str = "post_id";

    fn read(row: &Row) -> Result<Self, QueryError> {
        let subject = Subject::<PostState>::read(row, Self::ID)?;
        Ok(Self {
            id: subject.id.into(),
            created_by: subject.created_by,
            recorded_at: subject.created_at,
            post: subject.state.post,
        })
    }
}

/// Posts of a workspace, newest first.
///
/// # Errors
/// [`QueryError::Cursor`] for a cursor that is none.
pub async fn list<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    filter: &PostFilter,
    page: &Page,
) -> Result<PostPage, QueryError> {
    let db = db.into().0;
    let mut conditions = Conditions::of(workspace);
    conditions.and("not deleted", []);
    if let Some(status) = filter.status {
        conditions.and("status = ?", [status.as_str().into()]);
    }
    if let Some(status) = filter.target_status {
        let has = "exists (select 1 from targets where targets.post_id = posts.post_id and targets.status = ?)";
        conditions.and(has, [status.as_str().into()]);
    }
    if let Some(account) = filter.account_id {
        let has = "exists (select 1 from targets where targets.post_id = posts.post_id and account_id = ?)";
        conditions.and(has, [account.uuid().into()]);
    }
    if !filter.only_accounts.is_empty() {
        let others = vec!["?"; filter.only_accounts.len()].join(", ");
        let none = format!(
            "not exists (select 1 from targets where targets.post_id = posts.post_id and account_id not in ({others}))"
        );
        conditions.and(&none, filter.only_accounts.iter().map(|account| account.uuid().into()));
    }
    if let Some(platform) = &filter.platform {
        let has = "exists (select 1 from targets where targets.post_id = posts.post_id and platform = ?)";
        conditions.and(has, [platform.as_str().into()]);
    }
    if let Some(index) = &filter.tag_index {
        let has = "exists (select 1 from post_tags where post_tags.workspace_id = posts.workspace_id
            and tag_index = ? and post_tags.post_id = posts.post_id)";
        conditions.and(has, [index.as_str().into()]);
    }
    if let Some(actor) = &filter.created_by {
        conditions.and("created_by = ?", [actor.as_str().into()]);
    }
    if let Some(from) = filter.from {
        conditions.and("coalesce(due_at, created_at) >= ?", [from.into()]);
    }
    if let Some(to) = filter.to {
        conditions.and("coalesce(due_at, created_at) < ?", [to.into()]);
    }
    page::list(db, conditions, page).await
}

/// One post, deleted or not.
///
/// # Errors
/// If the database doesn't answer.
pub async fn get<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    id: PostId,
) -> Result<Option<PostRow>, QueryError> {
    let db = db.into().0;
    page::get(db, workspace, id.uuid()).await
}
