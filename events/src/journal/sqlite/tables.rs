//! The journal's tables. A released migration is never edited.

/// Who the migrations belong to.
pub(super) const OWNER: &str = "journal";

/// In order.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    create table events (
        position integer primary key,
        id blob not null unique,
        workspace blob not null,
        workspace_number integer not null,
        stream_kind text not null,
        stream_id blob not null,
        version integer not null,
        event_type text not null,
        schema integer not null,
        -- The exact bytes, which a text column would promise to be readable as.
        payload blob not null,
        metadata text not null,
        claims text,
        recorded_at text not null,
        leaf_hash blob not null,
        unique (stream_kind, stream_id, version)
    ) strict;

    create table journal_head (
        only integer primary key check (only = 1),
        epoch integer not null,
        position integer not null,
        recorded_at text,
        frontier blob not null
    ) strict;
    insert into journal_head (only, epoch, position, frontier) values (1, 1, 0, x'0000000000000000');

    create table claims (
        workspace blob not null,
        kind text not null,
        value text not null,
        holder_kind text not null,
        holder_id blob not null,
        position integer not null,
        primary key (workspace, kind, value)
    ) strict, without rowid;

    create table receipts (
        workspace blob not null,
        key text not null,
        request_digest blob not null,
        status integer not null,
        resource_kind text not null,
        resource_id blob not null,
        sealed text,
        position integer not null,
        recorded_at text not null,
        primary key (workspace, key)
    ) strict, without rowid;

    create table workspace_numbers (
        workspace blob primary key not null,
        last_number integer not null
    ) strict, without rowid;
",
    "
    create index receipts_by_age on receipts (recorded_at);
",
    "
    -- What events counted against their workspaces' plans, by calendar month.
    create table counted (
        workspace blob not null,
        quota text not null,
        month text not null,
        used integer not null,
        primary key (workspace, quota, month)
    ) strict, without rowid;
",
];
