//! What is stored, read back. A row that doesn't read is damage, and says where.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params, types::FromSql};
use uuid::Uuid;

use crate::{
    db::Value,
    ids::{Epoch, EventId, Position, Version, WorkspaceId},
    journal::{
        Hash, HeldClaim, Month, Moved, NewReceipt, ReadError, Receipt, Recorded, StreamId, StreamKind,
        UnknownStreamKind,
    },
    merkle::Frontier,
};

const EVENT: &str = "select position, id, workspace, workspace_number, stream_kind, stream_id, version, event_type, \
                     schema, payload, metadata, claims, recorded_at, leaf_hash from events";

/// The head row.
pub(super) struct HeadRow {
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) frontier: Frontier,
}

pub(super) fn head(connection: &Connection) -> Result<HeadRow, ReadError> {
    let mut statement = connection.prepare_cached("select position, epoch, recorded_at, frontier from journal_head")?;
    let mut rows = statement.query([])?;
    let row = rows.next()?.ok_or_else(|| damaged(0, "the head row is missing"))?;
    let column = Column::of(row)?;
    let position = column.position;
    let recorded_at = column.get::<Option<String>>(2)?.map(|text| column.time(&text)).transpose()?;
    let frontier = Frontier::from_bytes(column.bytes(3)?).map_err(|error| damaged(position, &error.to_string()))?;
    if frontier.size() != position {
        return Err(damaged(position, &format!("the tree has {} leaves", frontier.size())));
    }
    Ok(HeadRow { epoch: Epoch(column.number(1)?), position: Position(position), recorded_at, frontier })
}

pub(super) fn log(connection: &Connection, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
    // Before the events: what commits between the two reads is more than the head promised, never less.
    let head = head(connection)?.position;
    let mut statement =
        connection.prepare_cached(&format!("{EVENT} where position > ?1 order by position limit ?2"))?;
    let events = events(&mut statement.query(params![i64::try_from(after.0).unwrap_or(i64::MAX), limit as i64])?)?;
    let mut next = after;
    for event in &events {
        next = next.next();
        if event.position != next {
            return Err(damaged(next.0, "the event is missing"));
        }
    }
    if events.len() < limit && next < head {
        return Err(damaged(next.0 + 1, "the event is missing"));
    }
    Ok(events)
}

/// The events of a kind's streams within a part of the log.
pub(super) fn moved(
    connection: &Connection,
    kind: StreamKind,
    after: Position,
    to: Position,
) -> Result<Vec<Moved>, ReadError> {
    // A plan by the kind would go over everything of that kind.
    let mut statement = connection.prepare_cached(
        "select position, stream_kind, stream_id, version from events where position > ?1 and position <= ?2
         and (+stream_kind = ?3 or position = ?2) order by position",
    )?;
    let mut rows = statement.query(params![after.0 as i64, to.0 as i64, kind.as_str()])?;
    let (mut moved, mut last) = (Vec::new(), after);
    while let Some(row) = rows.next()? {
        let column = Column::of(row)?;
        last = Position(column.position);
        if column.text(1)? == kind.as_str() {
            let (stream, version) = (StreamId::new(kind, column.uuid(2)?), Version(column.number(3)?));
            moved.push(Moved { position: last, stream, version });
        }
    }
    if last < to { Err(damaged(to.0, "the event is missing")) } else { Ok(moved) }
}

/// The head's position, once it is sure that the log ends there.
pub(super) fn checked_head(connection: &Connection) -> Result<Position, ReadError> {
    // One snapshot for both reads: another process's journal may still be appending.
    let snapshot = connection.unchecked_transaction()?;
    let head = head(&snapshot)?.position;
    // Where the head is ahead, the events that it has lost are found missing.
    let last = log(&snapshot, Position(head.0.saturating_sub(1)), 2)?;
    match last.iter().find(|event| event.position > head) {
        Some(event) => Err(damaged(event.position.0, "the head doesn't know the event")),
        None => Ok(head),
    }
}

pub(super) fn stream(
    connection: &Connection,
    stream: StreamId,
    after: Version,
    limit: usize,
) -> Result<Vec<Recorded>, ReadError> {
    let mut statement = connection.prepare_cached(&format!(
        "{EVENT} where stream_kind = ?1 and stream_id = ?2 and version > ?3 order by version limit ?4"
    ))?;
    let key = params![stream.kind.as_str(), stream.id.as_bytes().as_slice(), after.0 as i64, limit as i64];
    let events = events(&mut statement.query(key)?)?;
    for (version, event) in (after.0 + 1..).zip(&events) {
        if event.version.0 != version {
            return Err(damaged(event.position.0, &format!("version {version} of its stream is missing before it")));
        }
    }
    Ok(events)
}

/// The version that a stream has reached.
pub(super) fn version(connection: &Connection, stream: StreamId) -> Result<Version, ReadError> {
    let mut statement =
        connection.prepare_cached("select max(version) from events where stream_kind = ?1 and stream_id = ?2")?;
    let key = params![stream.kind.as_str(), stream.id.as_bytes().as_slice()];
    let version: Option<i64> = statement.query_row(key, |row| row.get(0))?;
    Ok(Version(version.unwrap_or_default() as u64))
}

pub(super) fn holder(
    connection: &Connection,
    workspace: WorkspaceId,
    kind: &str,
    value: &str,
) -> Result<Option<(StreamId, Position)>, ReadError> {
    let mut statement = connection.prepare_cached(
        "select position, holder_kind, holder_id from claims where workspace = ?1 and kind = ?2 and value = ?3",
    )?;
    let mut rows = statement.query(params![workspace.uuid().as_bytes().as_slice(), kind, value])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let column = Column::of(row)?;
    Ok(Some((column.stream(1)?, Position(column.position))))
}

/// Every name that is held, with the head's position of the same moment.
pub(super) fn held_claims(connection: &Connection) -> Result<(Position, Vec<HeldClaim>), ReadError> {
    let snapshot = connection.unchecked_transaction()?;
    let position = head(&snapshot)?.position;
    let mut statement = snapshot.prepare_cached(
        "select position, workspace, kind, value, holder_kind, holder_id from claims order by workspace, kind, value",
    )?;
    let mut rows = statement.query([])?;
    let mut claims = Vec::new();
    while let Some(row) = rows.next()? {
        let column = Column::of(row)?;
        claims.push(HeldClaim {
            workspace: column.uuid(1)?.into(),
            kind: column.get(2)?,
            value: column.get(3)?,
            holder: column.stream(4)?,
            position: Position(column.position),
        });
    }
    Ok((position, claims))
}

pub(super) fn receipt(
    connection: &Connection,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<Receipt>, ReadError> {
    let mut statement = connection.prepare_cached(
        "select position, request_digest, status, resource_kind, resource_id, sealed, recorded_at from receipts \
         where workspace = ?1 and key = ?2",
    )?;
    let mut rows = statement.query(params![workspace.uuid().as_bytes().as_slice(), key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let column = Column::of(row)?;
    let receipt = NewReceipt {
        key: key.to_owned(),
        request_digest: column.get(1)?,
        status: column.get(2)?,
        resource: column.stream(3)?,
        sealed: column.get(5)?,
    };
    let recorded_at = column.time(column.text(6)?)?;
    Ok(Some(Receipt { receipt, position: Position(column.position), recorded_at }))
}

/// Forgets receipts that are older than this.
pub(super) fn forget_receipts(
    connection: &Connection,
    before: DateTime<Utc>,
    limit: usize,
) -> Result<usize, ReadError> {
    let delete = "delete from receipts where (workspace, key) in \
                  (select workspace, key from receipts where recorded_at < ?1 limit ?2)";
    Ok(connection.prepare_cached(delete)?.execute(params![Value::time_text(before), limit as i64])?)
}

/// How many events a workspace has.
pub(super) fn number(connection: &Connection, workspace: WorkspaceId) -> Result<u64, ReadError> {
    let mut statement = connection.prepare_cached("select last_number from workspace_numbers where workspace = ?1")?;
    let number: Option<i64> =
        statement.query_row([workspace.uuid().as_bytes().as_slice()], |row| row.get(0)).optional()?;
    Ok(number.unwrap_or_default() as u64)
}

/// The newest month that something was counted in, and its sum: times only go on.
pub(super) fn counted(
    connection: &Connection,
    workspace: WorkspaceId,
    quota: &str,
) -> Result<Option<(Month, u64)>, ReadError> {
    let mut statement = connection.prepare_cached(
        "select month, used from counted where workspace = ?1 and quota = ?2 order by month desc limit 1",
    )?;
    let newest = statement.query_row(params![workspace.uuid().as_bytes().as_slice(), quota], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?))
    });
    Ok(newest.optional()?.map(|(month, used)| (Month::stored(month), used as u64)))
}

pub(super) fn numbers(connection: &Connection) -> Result<Vec<(WorkspaceId, u64)>, ReadError> {
    let mut statement =
        connection.prepare_cached("select workspace, last_number from workspace_numbers order by workspace")?;
    let mut rows = statement.query([])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let column = Column { row, position: 0 };
        numbers.push((column.uuid(0)?.into(), column.number(1)?));
    }
    Ok(numbers)
}

/// Whether an event with this name is in the log.
pub(super) fn holds(connection: &Connection, id: EventId) -> Result<bool, ReadError> {
    let mut statement = connection.prepare_cached("select 1 from events where id = ?1")?;
    Ok(statement.exists([id.uuid().as_bytes().as_slice()])?)
}

fn events(rows: &mut rusqlite::Rows<'_>) -> Result<Vec<Recorded>, ReadError> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(event(&Column::of(row)?)?);
    }
    Ok(events)
}

fn event(column: &Column<'_>) -> Result<Recorded, ReadError> {
    let payload = std::str::from_utf8(column.bytes(9)?).map_err(|_| column.damaged("the payload is no UTF-8"))?;
    let leaf_hash = column.bytes(13)?.try_into().map_err(|_| column.damaged("the leaf hash has another length"))?;
    let claims = match column.read::<Option<&str>>(11, |value| value.as_str_or_null())? {
        Some(text) => serde_json::from_str(text).map_err(|_| column.damaged("the claims don't read"))?,
        None => Vec::new(),
    };
    Ok(Recorded {
        position: Position(column.position),
        id: column.uuid(1)?.into(),
        workspace: column.uuid(2)?.into(),
        workspace_number: column.number(3)?,
        stream: column.stream(4)?,
        version: Version(column.number(6)?),
        event_type: column.get(7)?,
        schema: column.get(8)?,
        payload: payload.to_owned(),
        metadata: serde_json::from_str(column.text(10)?).map_err(|_| column.damaged("the metadata don't read"))?,
        claims,
        recorded_at: column.time(column.text(12)?)?,
        leaf_hash: Hash(leaf_hash),
    })
}

/// A row with the position that damage in it is told under.
struct Column<'a> {
    row: &'a Row<'a>,
    position: u64,
}

impl<'a> Column<'a> {
    /// A row whose first column is its position.
    fn of(row: &'a Row<'a>) -> Result<Self, ReadError> {
        let position: i64 = row.get(0)?;
        Ok(Self { row, position: position as u64 })
    }

    fn damaged(&self, reason: &str) -> ReadError {
        damaged(self.position, reason)
    }

    fn read<'b, T>(
        &'b self,
        at: usize,
        take: impl FnOnce(rusqlite::types::ValueRef<'b>) -> rusqlite::types::FromSqlResult<T>,
    ) -> Result<T, ReadError> {
        take(self.row.get_ref(at)?).map_err(|_| self.damaged(&format!("column {at} holds another type")))
    }

    fn get<T: FromSql>(&self, at: usize) -> Result<T, ReadError> {
        self.read(at, T::column_result)
    }

    fn number(&self, at: usize) -> Result<u64, ReadError> {
        self.get::<i64>(at)?.try_into().map_err(|_| self.damaged(&format!("column {at} is negative")))
    }

    fn text(&self, at: usize) -> Result<&str, ReadError> {
        self.read(at, |value| value.as_str())
    }

    fn bytes(&self, at: usize) -> Result<&[u8], ReadError> {
        self.read(at, |value| value.as_blob())
    }

    fn uuid(&self, at: usize) -> Result<Uuid, ReadError> {
        Uuid::from_slice(self.bytes(at)?).map_err(|_| self.damaged(&format!("column {at} is no UUID")))
    }

    fn stream(&self, at: usize) -> Result<StreamId, ReadError> {
        let newer = |error: UnknownStreamKind| ReadError::Newer {
            position: Position(self.position),
            reason: error.to_string(),
        };
        let kind = self.text(at)?.parse().map_err(newer)?;
        Ok(StreamId::new(kind, self.uuid(at + 1)?))
    }

    fn time(&self, text: &str) -> Result<DateTime<Utc>, ReadError> {
        DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|_| self.damaged("a time doesn't read"))
    }
}

fn damaged(position: u64, reason: &str) -> ReadError {
    ReadError::Damaged { position: Position(position), reason: reason.to_owned() }
}
