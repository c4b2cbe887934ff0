//! Views for dashboards, on PostgreSQL: what may be read by whoever may read the database, and stays as it is when tables
//! change. Nothing in them is sealed or a digest. A released view's columns keep their names, types and order; new ones
//! are added at the end, as `create or replace view` wants it, which also keeps who may read it.

/// One view.
pub(crate) struct SqlView {
    /// Its name in the schema.
    pub(crate) name: &'static str,
    /// The table whose projection makes it.
    pub(crate) table: &'static str,
    /// What it is, for `\d+`.
    pub(crate) comment: &'static str,
    /// Its rows.
    pub(crate) sql: &'static str,
}

/// All views.
pub(crate) static ALL: [SqlView; 3] = [
    SqlView {
        name: "v_targets",
        table: "targets",
        comment: "One row for each post on each account that is not deleted: where it stands, when it is due, when it \
                  will be tried next, and how its newest ended attempt ended (published, or a class of failure).",
        sql: "select t.workspace_id, t.post_id, t.account_id, t.platform, t.status, t.attempts, t.due_at, t.next_at,
                t.published_at, p.created_at, p.created_by,
                (select a.outcome from attempts a
                    where a.post_id = t.post_id and a.account_id = t.account_id and a.outcome is not null
                    order by a.number desc limit 1) as last_outcome
            from targets t join posts p using (post_id) where not p.deleted",
    },
    SqlView {
        name: "v_attempts",
        table: "attempts",
        comment: "One row for each try at a target: who tried, from when to when, how it ended (null while it runs) and \
                  by which delivery class.",
        sql: "select a.workspace_id, a.post_id, a.account_id, t.platform, a.number, a.worker, a.started_at, a.ended_at,
                extract(epoch from a.ended_at - a.started_at)::double precision as seconds, a.outcome, a.delivery
            from attempts a left join targets t using (post_id, account_id)",
    },
    SqlView {
        name: "v_lateness",
        table: "targets",
        comment: "One row for each published target: when it was due, when it was known to be live, and the seconds \
                  between.",
        sql: "select workspace_id, post_id, account_id, platform, due_at, published_at,
                extract(epoch from published_at - due_at)::double precision as late_seconds
            from targets where published_at is not null and due_at is not null",
    },
];

impl SqlView {
    /// The statements that make it, or put it over the tables that have just taken their names.
    pub(crate) fn create(&self) -> String {
        let Self { name, comment, sql, .. } = self;
        let comment = comment.replace('\'', "''");
        format!("create or replace view {name} as {sql}; comment on view {name} is '{comment}'")
    }
}
