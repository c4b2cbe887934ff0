//! The journal's tables. A released migration is never edited.

use super::failure::unavailable;
use crate::{
    db::{
        Postgres, migrate,
        postgres::{Connections, SCHEMA, Settings, connect},
    },
    journal::ReadError,
};

/// Who the migrations belong to.
const OWNER: &str = "journal";

/// In order.
const MIGRATIONS: &[&str] = &[
    "
    create table events (
        position bigint primary key,
        id uuid not null unique,
        workspace uuid not null,
        workspace_number bigint not null,
        stream_kind text not null,
        stream_id uuid not null,
        version bigint not null,
        event_type text not null,
        schema integer not null,
        -- The exact bytes; jsonb would reorder keys and drop doubled ones.
        payload bytea not null,
        metadata text not null,
        claims text,
        recorded_at timestamptz not null,
        leaf_hash bytea not null,
        unique (stream_kind, stream_id, version)
    );

    -- One row, written by every batch: it stays on its page, whose room is for its versions.
    create table journal_head (
        one integer primary key check (one = 1),
        epoch bigint not null,
        position bigint not null,
        recorded_at timestamptz,
        frontier bytea not null
    ) with (fillfactor = 10);
    alter table journal_head alter column frontier set storage plain;
    insert into journal_head (one, epoch, position, frontier) values (1, 1, 0, '\\x0000000000000000');

    create table claims (
        workspace uuid not null,
        kind text not null,
        value text not null,
        holder_kind text not null,
        holder_id uuid not null,
        position bigint not null,
        primary key (workspace, kind, value)
    );

    create table receipts (
        workspace uuid not null,
        key text not null,
        request_digest bytea not null,
        status integer not null,
        resource_kind text not null,
        resource_id uuid not null,
        sealed text,
        position bigint not null,
        recorded_at timestamptz not null,
        primary key (workspace, key)
    );
    create index receipts_by_age on receipts (recorded_at);

    create table workspace_numbers (
        workspace uuid primary key,
        last_number bigint not null
    ) with (fillfactor = 50);
",
    "
    -- What events counted against their workspaces' plans, by calendar month.
    create table counted (
        workspace uuid not null,
        quota text not null,
        month text not null,
        used bigint not null,
        primary key (workspace, quota, month)
    ) with (fillfactor = 50);
",
];

/// Makes the tables, or brings them up to date. Nodes that start together wait for one another.
pub(super) async fn prepare(settings: &Settings) -> Result<(), ReadError> {
    let db = Postgres::open(&settings.clone().named("migrations"), Connections { reads: 1, writes: 1 }).await?;
    Ok(migrate(&db, OWNER, MIGRATIONS).await?)
}

/// Whether there are tables, and something in the log.
pub(super) async fn is_begun(settings: &Settings) -> Result<bool, ReadError> {
    let lost = |error| ReadError::Unavailable(unavailable(error));
    let client = connect(&settings.clone().named("look")).await?;
    let there = client.query_one("select to_regclass($1) is not null", &[&format!("{SCHEMA}.journal_head")]).await;
    if !there.and_then(|row| row.try_get(0)).map_err(lost)? {
        return Ok(false);
    }
    let begun = client.query_one("select exists (select from journal_head where position > 0)", &[]).await;
    begun.and_then(|row| row.try_get(0)).map_err(lost)
}
