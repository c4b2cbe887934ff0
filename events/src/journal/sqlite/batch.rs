//! One transaction for a batch of appends: load what they concern, decide in memory, write, commit.

use std::collections::hash_map::Entry;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{failure::Failure, rows};
use crate::{
    clock::SharedClock,
    db::Value,
    ids::EventId,
    journal::{
        Append, ReadError, Recorded,
        ledger::Ledger,
        queue::{Answer, Tally, Waiting, answer, refuse},
    },
    sabotage::{CrashPoint, crash_at},
};

/// Carries out a batch on the writer's connection and answers each caller. If one append can't be stored, the others
/// must not suffer for it: all are then tried alone.
pub(super) fn run(connection: &mut Connection, clock: &SharedClock, tally: &Tally, batch: Vec<Waiting>) {
    match attempt(connection, clock, tally, &batch) {
        Ok(answers) => answer(batch, answers),
        Err(Failure::Refused(_)) if batch.len() > 1 => {
            for waiting in batch {
                run(connection, clock, tally, vec![waiting]);
            }
        }
        Err(failure) => refuse(batch, &failure.into()),
    }
}

fn attempt(
    connection: &mut Connection,
    clock: &SharedClock,
    tally: &Tally,
    batch: &[Waiting],
) -> Result<Vec<Answer>, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut ledger = load(&transaction, batch)?;
    let before = ledger.position;
    let answers: Vec<Answer> = batch.iter().map(|waiting| ledger.admit(&waiting.append, clock.now())).collect();
    let Some(first) = answers.iter().flatten().flatten().next().map(|event| event.id) else {
        // Nobody won; the transaction is dropped and leaves nothing.
        return Ok(answers);
    };
    for event in answers.iter().flatten().flatten() {
        insert_event(&transaction, event)?;
    }
    crash_at(CrashPoint::MidBatch);
    write_changes(&transaction, &ledger)?;
    commit(&transaction, first)?;
    tally.count(ledger.position.0 - before.0, ledger.position, &answers);
    Ok(answers)
}

fn load(connection: &Connection, batch: &[Waiting]) -> Result<Ledger, ReadError> {
    let head = rows::head(connection)?;
    let mut ledger = Ledger {
        epoch: head.epoch,
        position: head.position,
        recorded_at: head.recorded_at,
        frontier: head.frontier,
        ..Ledger::default()
    };
    for append in batch.iter().map(|waiting| &waiting.append) {
        let Append { workspace, expected, events, receipts, begins: _ } = append;
        for workspace in events.iter().map(|event| append.workspace_of(event)) {
            if let Entry::Vacant(unknown) = ledger.numbers.entry(workspace) {
                unknown.insert(rows::number(connection, workspace)?);
            }
        }
        for stream in expected.iter().map(|expected| expected.stream) {
            if let Entry::Vacant(unknown) = ledger.versions.entry(stream) {
                unknown.insert(rows::version(connection, stream)?);
            }
        }
        for event in events {
            let workspace = append.workspace_of(event);
            if let Some(counted) = &event.metadata.counted
                && let Some((month, used)) = rows::counted(connection, workspace, &counted.quota)?
            {
                ledger.sums.known.entry((workspace, counted.quota.clone(), month)).or_insert(used);
            }
            for claim in &event.claims {
                let key = (workspace, claim.kind.clone(), claim.value.clone());
                if let Entry::Vacant(unknown) = ledger.holders.entry(key) {
                    unknown.insert(rows::holder(connection, workspace, &claim.kind, &claim.value)?);
                }
            }
        }
        for receipt in receipts {
            if let Some(kept) = rows::receipt(connection, *workspace, &receipt.key)? {
                ledger.receipts.insert((*workspace, receipt.key.clone()), kept);
            }
        }
    }
    Ok(ledger)
}

fn insert_event(connection: &Connection, event: &Recorded) -> Result<(), Failure> {
    let json = |error: serde_json::Error| Failure::Refused(error.to_string());
    let metadata = serde_json::to_string(&event.metadata).map_err(json)?;
    let claims = match &event.claims[..] {
        [] => None,
        claims => Some(serde_json::to_string(claims).map_err(json)?),
    };
    let mut statement = connection.prepare_cached(
        "insert into events (position, id, workspace, workspace_number, stream_kind, stream_id, version, event_type, \
         schema, payload, metadata, claims, recorded_at, leaf_hash) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    statement.execute(params![
        event.position.0 as i64,
        event.id.uuid().as_bytes().as_slice(),
        event.workspace.uuid().as_bytes().as_slice(),
        event.workspace_number as i64,
        event.stream.kind.as_str(),
        event.stream.id.as_bytes().as_slice(),
        event.version.0 as i64,
        event.event_type,
        event.schema,
        event.payload.as_bytes(),
        metadata,
        claims,
        Value::time_text(event.recorded_at),
        event.leaf_hash.0.as_slice(),
    ])?;
    Ok(())
}

fn write_changes(connection: &Connection, ledger: &Ledger) -> Result<(), Failure> {
    for ((workspace, kind, value), holder) in &ledger.changed_claims {
        let workspace = workspace.uuid();
        let workspace = workspace.as_bytes().as_slice();
        match holder {
            Some((holder, position)) => connection
                .prepare_cached("insert or replace into claims values (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![
                    workspace,
                    kind,
                    value,
                    holder.kind.as_str(),
                    holder.id.as_bytes().as_slice(),
                    position.0 as i64
                ])?,
            None => connection
                .prepare_cached("delete from claims where workspace = ?1 and kind = ?2 and value = ?3")?
                .execute(params![workspace, kind, value])?,
        };
    }
    for (workspace, kept) in &ledger.new_receipts {
        let receipt = &kept.receipt;
        connection.prepare_cached("insert into receipts values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?.execute(
            params![
                workspace.uuid().as_bytes().as_slice(),
                receipt.key,
                receipt.request_digest,
                receipt.status,
                receipt.resource.kind.as_str(),
                receipt.resource.id.as_bytes().as_slice(),
                receipt.sealed,
                kept.position.0 as i64,
                Value::time_text(kept.recorded_at),
            ],
        )?;
    }
    // A workspace whose appends all lost may still have no event, and then no row.
    for (workspace, number) in ledger.numbers.iter().filter(|(_, number)| **number > 0) {
        connection
            .prepare_cached("insert or replace into workspace_numbers values (?1, ?2)")?
            .execute(params![workspace.uuid().as_bytes().as_slice(), *number as i64])?;
    }
    for ((workspace, quota, month), used) in &ledger.sums.changed {
        connection.prepare_cached("insert or replace into counted values (?1, ?2, ?3, ?4)")?.execute(params![
            workspace.uuid().as_bytes().as_slice(),
            quota,
            month.as_str(),
            *used as i64
        ])?;
    }
    let advance = "update journal_head set epoch = ?1, position = ?2, recorded_at = ?3, frontier = ?4";
    connection.prepare_cached(advance)?.execute(params![
        ledger.epoch.0 as i64,
        ledger.position.0 as i64,
        ledger.recorded_at.map(Value::time_text),
        ledger.frontier.to_bytes()
    ])?;
    Ok(())
}

/// Commits; if that fails, looks for the batch's first event before anyone is told that it isn't there.
fn commit(transaction: &Transaction<'_>, first: EventId) -> Result<(), Failure> {
    let Err(error) = transaction.execute_batch("commit") else { return Ok(()) };
    if transaction.is_autocommit() && rows::holds(transaction, first)? {
        return Ok(());
    }
    Err(error.into())
}
