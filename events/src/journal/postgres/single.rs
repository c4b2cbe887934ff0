//! A batch in one flight, while nobody else appends: decided on what this process left, and let in only if the head is
//! still that, under its lock.
//!
//! Nothing has to be read for it. The head names one log and no other: where it is as it was left, so are the numbers,
//! and the statement's snapshot, which is younger, holds all of that log. Versions are taken to be what each append
//! expects: the statement compares them, and that a new stream is new its unique index says. What is not as it was
//! taken to be, the database refuses as a whole, and the batch is decided again in two flights, on what is read under
//! the lock.
//!
//! Who finds the lock taken doesn't wait for it: somebody else appends, and will have moved the head. The lock is tried
//! before the time is looked at, so that whoever has the lock later and finds the time over knows that nothing of the
//! batch can come any more.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Error, Statement, types::ToSql};
use uuid::Uuid;

use super::{
    batch::{Advanced, Outcome},
    columns::{Changes, Events},
    failure::Failure,
    known::{Known, Log},
    link::{INSERT, Link},
};
use crate::{
    ids::{Position, Version},
    journal::{
        ClaimAction, StreamId, StreamKind,
        ledger::Ledger,
        queue::{Answer, Waiting},
    },
    sabotage::{CrashPoint, Mutant, crash_at, mutated},
};

/// After so long a batch is not let in: by then its time is no longer the clock's, and whoever lost the answer may know
/// that it never will be. As long as who stops with the lock in hand keeps it.
const LATE: TimeDelta = TimeDelta::seconds(1);

/// A value of the statement's.
type Asked<'v> = &'v (dyn ToSql + Sync);

/// The statement that stores a batch if the log is as it was left.
pub(super) struct Single {
    plain: Statement,
    receipted: Statement,
    claiming: Statement,
    both: Statement,
}

impl Single {
    pub(super) async fn prepare(client: &Client) -> Result<Self, Error> {
        let statement = |receipts, claims| {
            let statement = statement(receipts, claims);
            async move { client.prepare(&statement).await }
        };
        let (plain, receipted, claiming, both) = tokio::try_join!(
            statement(false, false),
            statement(true, false),
            statement(false, true),
            statement(true, true)
        )?;
        Ok(Self { plain, receipted, claiming, both })
    }

    /// The one that stores all of these.
    pub(super) fn of(&self, changes: &Changes<'_>) -> &Statement {
        match (changes.keeps_receipts(), changes.takes_names()) {
            (false, false) => &self.plain,
            (true, false) => &self.receipted,
            (false, true) => &self.claiming,
            (true, true) => &self.both,
        }
    }
}

/// A receipt that is there already ends it with an error: nothing is stored then. A name that is held is found before.
fn statement(receipts: bool, claims: bool) -> String {
    let mut number = 27;
    let mut insert = |stored: &str, into: &str, types: &[&str]| {
        let arrays = types.iter().map(|array| {
            number += 1;
            format!("${number}::{array}[]")
        });
        let arrays = arrays.collect::<Vec<_>>().join(", ");
        let rows = format!("select * from unnest({arrays})");
        format!(", {stored} as (insert into {into} {rows} where exists (select from advanced))")
    };
    let (mut kept, mut free) = (String::new(), "");
    if claims {
        free = "and not exists (select from unnest($28::uuid[], $29::text[], $30::text[]) asked (workspace, kind, value) \
                join claims using (workspace, kind, value)) ";
        let columns = "claims (workspace, kind, value, holder_kind, holder_id, position)";
        kept += &insert("taken", columns, &["uuid", "text", "text", "text", "uuid", "bigint"]);
    }
    if receipts {
        let columns = "receipts (workspace, key, request_digest, status, resource_kind, resource_id, sealed, position, \
                       recorded_at)";
        let types = ["uuid", "text", "bytea", "integer", "text", "uuid", "text", "bigint", "timestamptz"];
        kept += &insert("kept", columns, &types);
    }
    format!(
        "with advanced as (update journal_head set epoch = $15, position = $16, recorded_at = $17, frontier = $18 \
         where one = 1 and position = $19 and frontier = $20 \
         and case when pg_try_advisory_xact_lock(hashtext('campanile.journal_head')) \
         then clock_timestamp() between $21::timestamptz and $22::timestamptz else false end \
         and not exists (select from unnest($23::text[], $24::uuid[], $25::bigint[]) asked (kind, id, version) \
         where asked.version <> coalesce((select version from events where stream_kind = asked.kind \
         and stream_id = asked.id order by version desc limit 1), 0)) {free}returning now() as begun), \
         counted as (insert into workspace_numbers (workspace, last_number) \
         select * from unnest($26::uuid[], $27::bigint[]) where exists (select from advanced) \
         on conflict (workspace) do update set last_number = excluded.last_number), \
         stored as ({INSERT} where exists (select from advanced)){kept} select begun from advanced"
    )
}

/// What the statement is given beside the rows.
pub(super) struct Conditions {
    position: i64,
    frontier: Vec<u8>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    kinds: Vec<&'static str>,
    ids: Vec<Uuid>,
    versions: Vec<i64>,
}

impl Conditions {
    fn of(log: &Log, now: DateTime<Utc>, streams: Vec<(StreamId, Version)>) -> Self {
        let mut conditions = Self {
            position: log.position.0 as i64,
            frontier: log.frontier.to_bytes(),
            now,
            until: now + LATE,
            kinds: Vec::with_capacity(streams.len()),
            ids: Vec::with_capacity(streams.len()),
            versions: Vec::with_capacity(streams.len()),
        };
        for (stream, version) in streams {
            conditions.kinds.push(stream.kind.as_str());
            conditions.ids.push(stream.id);
            conditions.versions.push(version.0 as i64);
        }
        conditions
    }

    /// All values, in the statement's order.
    pub(super) fn values<'v>(&'v self, events: &'v Events<'_>, changes: &'v Changes<'_>) -> Vec<Asked<'v>> {
        let mut values: Vec<Asked<'v>> = Vec::with_capacity(42);
        values.extend(events.values());
        values.extend(changes.head.values());
        values.extend([&self.position as Asked<'v>, &self.frontier, &self.now, &self.until]);
        values.extend([&self.kinds as Asked<'v>, &self.ids, &self.versions]);
        values.extend(changes.numbers.values());
        if changes.takes_names() {
            values.extend(changes.taken.values());
        }
        if changes.keeps_receipts() {
            values.extend(changes.kept.values());
        }
        values
    }
}

/// Tries a batch in one flight. `None` means that nothing was stored and nobody may be told anything yet: it must be
/// decided on what is read under the lock.
pub(super) async fn attempt(link: &mut Link, known: &mut Known, heard: Position, batch: &[Waiting]) -> Option<Outcome> {
    if mutated(Mutant::Sequence) {
        return None;
    }
    let (log, now) = (known.log(heard)?, known.clock.latest()?);
    let mut ledger = assumed(log, batch)?;
    let taken: HashMap<StreamId, Version> = ledger.versions.clone();
    let answers: Vec<Answer> = batch.iter().map(|waiting| ledger.admit(&waiting.append, now)).collect();
    let first = answers.iter().flatten().flatten().next().map(|event| (event.position, event.id))?;
    let stored = || answers.iter().flatten().flatten().map(AsRef::as_ref);
    let new: HashSet<StreamId> =
        stored().filter(|event| event.version == Version(1)).map(|event| event.stream).collect();
    let compared = taken.into_iter().filter(|(stream, _)| !new.contains(stream)).collect();
    let (found, events) = (log.frontier.clone(), ledger.position.0 - log.position.0);
    let conditions = Conditions::of(log, now, compared);
    let advanced = Advanced { first, head: ledger.position, events, until: Some(conditions.until) };
    let events = Events::of(stored()).ok()?;
    crash_at(CrashPoint::MidBatch);
    let flown = link.store(&events, &Changes::of(&ledger), &conditions, &mut known.clock).await;
    drop(events);
    let failed = match flown {
        Ok(true) => None,
        Ok(false) | Err(Failure::Refused(_)) => {
            known.clock.forget();
            return None;
        }
        Err(failure) => Some(failure),
    };
    if failed.is_none() {
        known.left(&found, ledger);
    }
    Some(Outcome { answers, advanced: Some(advanced), failed })
}

/// The log as it was left, with what the batch's appends expect; `None` if they ask for more than is remembered.
fn assumed(log: &Log, batch: &[Waiting]) -> Option<Ledger> {
    let mut ledger = Ledger {
        epoch: log.epoch,
        position: log.position,
        recorded_at: log.recorded_at,
        frontier: log.frontier.clone(),
        ..Ledger::default()
    };
    for append in batch.iter().map(|waiting| &waiting.append) {
        for expected in &append.expected {
            ledger.versions.entry(expected.stream).or_insert(expected.version);
        }
        for event in &append.events {
            // Who holds a name that is to be released is read, and what was counted by now; and who begins an epoch has all
            // the time that it takes. One that is to be taken is taken to be free.
            let releases = event.claims.iter().any(|claim| claim.action == ClaimAction::Release);
            let is_read = releases || event.metadata.counted.is_some();
            if is_read || event.stream.kind == StreamKind::Log {
                return None;
            }
            let workspace = append.workspace_of(event);
            ledger.numbers.insert(workspace, *log.numbers.get(&workspace)?);
        }
    }
    Some(ledger)
}
