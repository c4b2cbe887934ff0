//! The appender's connection, and the two flights of a batch on it. Statements of one flight are sent together and
//! carried out one after the other: each takes its snapshot when its turn comes, so what is read after the lock is what
//! stands under the lock.

use std::{future::Future, time::Duration};

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Error, Row, Statement, types::ToSql};

use super::{
    columns::{Changes, Events},
    concerns::Concerns,
    failure::Failure,
    idle,
    known::Clock,
    numbering,
    rows::{Column, HeadRow, RECEIPT, receipt},
    single::{Conditions, Single},
};
use crate::{
    clock::Moment,
    db::postgres::{Limits, Settings, Traffic, connect_and_carry},
    ids::{EventId, Position, Version, WorkspaceId},
    journal::{Month, ReadError, ledger::Ledger},
};

/// Longer than the server lets the statements of a flight take: past this, the server or the way to it stands still.
const FLIGHT: Duration = Duration::from_secs(10);

/// A statement's value.
type Asked<'v> = &'v (dyn ToSql + Sync);

/// Appenders queue for the head row. A row's lock alone goes to whoever asks at the right moment, and that is who has
/// just let go of it (measured: one of four nodes had six times the turns of another); an advisory lock is handed on.
pub(super) const BEGIN: &str = "begin isolation level read committed read write; \
     select pg_advisory_xact_lock(hashtext('campanile.journal_head'))";
/// The clock is read after the lock was got: a transaction's own time, the last column, is from before the wait.
const VERSIONS: &str = "select asked.place, clock_timestamp(), coalesce((\
     select version from events where stream_kind = asked.kind and stream_id = asked.id \
     order by version desc limit 1), 0), now() \
     from unnest($1::text[], $2::uuid[]) with ordinality asked (kind, id, place)";
const NUMBERS: &str = "select workspace, last_number from workspace_numbers where workspace = any($1)";
const CLAIMS: &str = "select claims.position, holder_kind, holder_id, claims.workspace, claims.kind, claims.value \
     from unnest($1::uuid[], $2::text[], $3::text[]) asked (workspace, kind, value) \
     join claims using (workspace, kind, value)";
/// Times only go on: the newest month is the only one that is still counted in.
const SUMS: &str = "select asked.workspace, asked.quota, newest.month, newest.used \
     from unnest($1::uuid[], $2::text[]) asked (workspace, quota) cross join lateral (\
     select month, used from counted where counted.workspace = asked.workspace and counted.quota = asked.quota \
     order by month desc limit 1) newest";
const RECEIPTS: &str = "join unnest($1::uuid[], $2::text[]) asked (workspace, key) using (workspace, key)";
/// Arrays that are taken apart side by side are not gathered into a table first, as those of one `unnest` are (measured:
/// a third of what an event costs the server).
pub(super) const INSERT: &str = "insert into events (position, id, workspace, workspace_number, stream_kind, stream_id, version, \
     event_type, schema, payload, metadata, claims, recorded_at, leaf_hash) \
     select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::bigint[]), unnest($5::text[]), \
     unnest($6::uuid[]), unnest($7::bigint[]), unnest($8::text[]), unnest($9::integer[]), unnest($10::bytea[]), \
     unnest($11::text[]), unnest($12::text[]), unnest($13::timestamptz[]), unnest($14::bytea[])";
pub(super) const TAKE: &str = "insert into claims (workspace, kind, value, holder_kind, holder_id, position) \
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[]) \
     on conflict (workspace, kind, value) do update set \
     holder_kind = excluded.holder_kind, holder_id = excluded.holder_id, position = excluded.position";
const RELEASE: &str = "delete from claims using unnest($1::uuid[], $2::text[], $3::text[]) \
     released (workspace, kind, value) where claims.workspace = released.workspace \
     and claims.kind = released.kind and claims.value = released.value";
const KEEP: &str = "insert into receipts (workspace, key, request_digest, status, resource_kind, resource_id, sealed, \
     position, recorded_at) select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::integer[], $5::text[], \
     $6::uuid[], $7::text[], $8::bigint[], $9::timestamptz[])";
pub(super) const COUNT: &str = "insert into workspace_numbers (workspace, last_number) \
     select * from unnest($1::uuid[], $2::bigint[]) \
     on conflict (workspace) do update set last_number = excluded.last_number";
pub(super) const SUM: &str = "insert into counted (workspace, quota, month, used) \
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) \
     on conflict (workspace, quota, month) do update set used = excluded.used";
pub(super) const ADVANCE: &str =
    "update journal_head set epoch = $1, position = $2, recorded_at = $3, frontier = $4 where one = 1";
const HOLDS: &str = "select exists (select from events where id = $1 and position = $2), clock_timestamp()";

/// A session that appends, with its statements prepared.
pub(super) struct Link {
    client: Client,
    traffic: Traffic,
    limits: Limits,
    lock: Statement,
    versions: Statement,
    numbers: Statement,
    claims: Statement,
    receipts: Statement,
    sums: Statement,
    insert: Statement,
    take: Statement,
    release: Statement,
    keep: Statement,
    count: Statement,
    sum: Statement,
    advance: Statement,
    holds: Statement,
    single: Single,
}

impl Link {
    pub(super) async fn open(settings: &Settings) -> Result<Self, ReadError> {
        let (client, mut traffic) = connect_and_carry(&settings.clone().named("journal")).await?;
        traffic.during(numbering::prepare(&client)).await;
        let (lock, insert) = (numbering::head(), numbering::insert());
        let receipts = format!("{RECEIPT} {RECEIPTS}");
        let prepared = async {
            // A plan that was made while the tables were small may not scan them when they are not.
            client.batch_execute("set enable_seqscan = off").await?;
            let prepare = |sql| client.prepare(sql);
            let reading = async {
                tokio::try_join!(
                    prepare(&lock),
                    prepare(VERSIONS),
                    prepare(NUMBERS),
                    prepare(CLAIMS),
                    prepare(&receipts),
                    prepare(SUMS),
                    prepare(HOLDS)
                )
            };
            let writing = async {
                tokio::try_join!(
                    prepare(&insert),
                    prepare(TAKE),
                    prepare(RELEASE),
                    prepare(KEEP),
                    prepare(COUNT),
                    prepare(SUM),
                    prepare(ADVANCE)
                )
            };
            tokio::try_join!(reading, writing, Single::prepare(&client))
        };
        let unavailable = |error| ReadError::Unavailable(super::failure::unavailable(error));
        let (reading, writing, single) = traffic.during(Box::pin(prepared)).await.map_err(unavailable)?;
        let (lock, versions, numbers, claims, receipts, sums, holds) = reading;
        let (insert, take, release, keep, count, sum, advance) = writing;
        Ok(Self {
            client,
            traffic,
            limits: settings.limits(),
            lock,
            versions,
            numbers,
            claims,
            receipts,
            sums,
            insert,
            take,
            release,
            keep,
            count,
            sum,
            advance,
            holds,
            single,
        })
    }

    /// The connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Waits for the connection's end.
    pub(super) async fn end(&mut self) {
        self.traffic.end().await;
    }

    /// Begins a transaction, locks the head row and reads, under the lock, what a batch concerns. Answers with the
    /// database's time.
    pub(super) async fn begin(
        &mut self,
        concerns: &Concerns<'_>,
        clock: &mut Clock,
    ) -> Result<(Ledger, DateTime<Utc>), Failure> {
        let client = &self.client;
        let kinds: Vec<&str> = concerns.streams.iter().map(|stream| stream.kind.as_str()).collect();
        let ids: Vec<_> = concerns.streams.iter().map(|stream| stream.id).collect();
        let (names, keys, quotas) = (&concerns.claims, &concerns.receipts, &concerns.quotas);
        let asked: [Asked<'_>; 2] = [&kinds, &ids];
        let workspaces: [Asked<'_>; 1] = [&concerns.workspaces];
        let longer = idle::limit(self.limits, concerns).map_or_else(String::new, |limit| {
            format!("; set local idle_in_transaction_session_timeout = {}", limit.as_millis())
        });
        let begin = format!("{}{longer}", numbering::begin());
        let asked_at = Moment::now();
        let (_begun, head, versions, numbers, claims, receipts, sums) = flight(
            &mut self.traffic,
            Box::pin(async {
                tokio::try_join!(
                    biased;
                    client.batch_execute(&begin),
                    client.query_opt(&self.lock, &[]),
                    client.query(&self.versions, &asked),
                    client.query(&self.numbers, &workspaces),
                    unless(names.is_empty(), async {
                        client.query(&self.claims, &[&names.workspaces, &names.first, &names.second]).await
                    }),
                    unless(keys.is_empty(), async {
                        client.query(&self.receipts, &[&keys.workspaces, &keys.first]).await
                    }),
                    unless(quotas.is_empty(), async {
                        client.query(&self.sums, &[&quotas.workspaces, &quotas.first]).await
                    }),
                )
            }),
        )
        .await
        .map_err(|error| error.map_or_else(|| Failure::Lost(silence()), Failure::before_commit))?;
        if let Some(read) = versions.first().and_then(|row| row.try_get(3).ok()) {
            clock.heard(asked_at, read);
        }
        let found = Found { head: head.as_ref(), versions, numbers, claims, receipts, sums };
        found.ledger(concerns).map_err(|error| Failure::Unavailable(error.to_string()))
    }

    /// Writes what a batch came to, and commits it.
    pub(super) async fn commit(&mut self, events: &Events<'_>, changes: &Changes<'_>) -> Result<(), Failure> {
        let client = &self.client;
        let Changes { taken, released, kept, numbers, sums, head } = changes;
        let (events, numbers, head) = (events.values(), numbers.values(), head.values());
        flight(&mut self.traffic, Box::pin(async {
            tokio::try_join!(
                biased;
                client.execute(&self.insert, &events),
                client.execute(&self.count, &numbers),
                unless(taken.workspaces.is_empty(), async { client.execute(&self.take, &taken.values()).await }),
                unless(released.workspaces.is_empty(), async { client.execute(&self.release, &released.values()).await }),
                unless(kept.workspaces.is_empty(), async { client.execute(&self.keep, &kept.values()).await }),
                unless(sums.workspaces.is_empty(), async { client.execute(&self.sum, &sums.values()).await }),
                client.execute(&self.advance, &head),
                // After a statement that failed, this rolls back.
                client.batch_execute("commit"),
            )
        }))
        .await
        .map(drop)
        .map_err(|error| error.map_or_else(|| Failure::InDoubt(silence()), Failure::in_commit))
    }

    /// All of a transaction: the lock, and what a batch comes to, if the log is as the batch was decided on. Says
    /// whether it was.
    ///
    /// It is one statement and nothing else, which the server has whole before it begins: however long it is on the way,
    /// no transaction stands open meanwhile, and no lock waits for it. What it answers, it answers after the commit.
    pub(super) async fn store(
        &mut self,
        events: &Events<'_>,
        changes: &Changes<'_>,
        conditions: &Conditions,
        clock: &mut Clock,
    ) -> Result<bool, Failure> {
        let statement = self.single.of(changes);
        let values = conditions.values(events, changes);
        let asked_at = Moment::now();
        let stored = flight(&mut self.traffic, Box::pin(self.client.query_opt(statement, &values)))
            .await
            .map_err(|error| error.map_or_else(|| Failure::InDoubt(silence()), Failure::in_commit))?;
        let read = stored.as_ref().map(|row| row.try_get(0)).transpose().map_err(Failure::in_commit)?;
        if let Some(read) = read {
            clock.heard(asked_at, read);
        }
        Ok(read.is_some())
    }

    /// Ends a transaction that leaves nothing.
    pub(super) async fn roll_back(&mut self) -> Result<(), Failure> {
        let rolled_back = flight(&mut self.traffic, self.client.batch_execute("rollback")).await;
        rolled_back.map_err(|error| error.map_or_else(|| Failure::Lost(silence()), Failure::before_commit))
    }

    /// Runs statements of a test's.
    #[cfg(test)]
    pub(super) async fn say(&mut self, statements: &str) {
        self.traffic.during(self.client.batch_execute(statements)).await.expect("they run");
    }

    /// Whether an event stands at its place in the log: under the lock of the head row, which whoever was appending held
    /// to the end. And when that was.
    pub(super) async fn holds(&mut self, (at, id): (Position, EventId)) -> Result<(bool, DateTime<Utc>), Failure> {
        let client = &self.client;
        let asked: [Asked<'_>; 2] = [&id.uuid(), &(at.0 as i64)];
        let (_begun, _locked, found, _ended) = flight(
            &mut self.traffic,
            Box::pin(async {
                tokio::try_join!(
                    biased;
                    client.batch_execute(BEGIN),
                    client.query_opt(&self.lock, &[]),
                    client.query_one(&self.holds, &asked),
                    client.batch_execute("rollback"),
                )
            }),
        )
        .await
        .map_err(|error| error.map_or_else(|| Failure::Lost(silence()), Failure::before_commit))?;
        let held = found.try_get(0).map_err(Failure::before_commit)?;
        Ok((held, found.try_get(1).map_err(Failure::before_commit)?))
    }
}

/// What the first flight brought.
struct Found<'a> {
    head: Option<&'a Row>,
    versions: Vec<Row>,
    numbers: Vec<Row>,
    claims: Vec<Row>,
    receipts: Vec<Row>,
    sums: Vec<Row>,
}

impl Found<'_> {
    fn ledger(&self, concerns: &Concerns<'_>) -> Result<(Ledger, DateTime<Utc>), ReadError> {
        let head = HeadRow::of(self.head)?;
        let mut ledger = Ledger {
            epoch: head.epoch,
            position: head.position,
            recorded_at: head.recorded_at,
            frontier: head.frontier,
            ..Ledger::default()
        };
        let mut now = DateTime::<Utc>::MIN_UTC;
        for row in &self.versions {
            let column = Column::without_position(row);
            now = now.max(column.get(1)?);
            // Places count from 1.
            if let Some(stream) = concerns.streams.get(column.number(0)?.saturating_sub(1) as usize) {
                ledger.versions.insert(*stream, Version(column.number(2)?));
            }
        }
        for row in &self.numbers {
            let column = Column::without_position(row);
            ledger.numbers.insert(WorkspaceId::from_uuid(column.get(0)?), column.number(1)?);
        }
        for row in &self.claims {
            let column = Column::of(row)?;
            let holder = (column.stream(1)?, Position(column.position));
            let name = (WorkspaceId::from_uuid(column.get(3)?), column.get(4)?, column.get(5)?);
            ledger.holders.insert(name, Some(holder));
        }
        for row in &self.receipts {
            let kept = receipt(row)?;
            let workspace = WorkspaceId::from_uuid(Column::without_position(row).get(8)?);
            ledger.receipts.insert((workspace, kept.receipt.key.clone()), kept);
        }
        for row in &self.sums {
            let column = Column::without_position(row);
            let key = (WorkspaceId::from_uuid(column.get(0)?), column.get(1)?, Month::stored(column.get(2)?));
            ledger.sums.known.insert(key, column.number(3)?);
        }
        Ok((ledger, now))
    }
}

/// Waits for statements that are sent together (boxed: they are large); `None` is a server that says nothing.
async fn flight<T>(
    traffic: &mut Traffic,
    statements: impl Future<Output = Result<T, Error>>,
) -> Result<T, Option<Error>> {
    tokio::time::timeout(FLIGHT, traffic.during(statements)).await.map_err(|_| None)?.map_err(Some)
}

fn silence() -> String {
    "the database doesn't answer".to_owned()
}

async fn unless<T: Default>(
    nothing_to_ask: bool,
    statement: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    if nothing_to_ask { Ok(T::default()) } else { statement.await }
}
