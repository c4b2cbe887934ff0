//! What is stored, read back. A row that doesn't read is damage, and says where.

use chrono::{DateTime, Utc};
use tokio_postgres::{Row, types::FromSql};
use uuid::Uuid;

use crate::{
    ids::{Epoch, Position, Version},
    journal::{
        Hash, HeldClaim, Moved, NewReceipt, ReadError, Receipt, Recorded, StreamId, StreamKind, UnknownStreamKind,
        streams::{Asked, Streamed},
    },
    merkle::Frontier,
};

/// An event's columns, as [`event`] takes them.
pub(super) const EVENT: &str = "select position, id, workspace, workspace_number, stream_kind, stream_id, version, \
                                event_type, schema, payload, metadata, claims, recorded_at, leaf_hash from events";
/// The head's columns, as [`HeadRow::of`] takes them. By its key, so that no plan scans a table.
pub(super) const HEAD: &str = "select position, epoch, recorded_at, frontier from journal_head where one = 1";
/// Where the number of a question stands, behind those.
const NUMBER: usize = 14;
/// A receipt's columns, as [`receipt`] takes them.
pub(super) const RECEIPT: &str = "select position, key, request_digest, status, resource_kind, resource_id, sealed, \
                                  recorded_at, workspace from receipts";
/// Claims' columns, as [`claim`] takes them, all of them in an order of their own.
pub(super) const CLAIMS: &str = "select position, workspace, kind, value, holder_kind, holder_id from claims \
                                 order by workspace, kind, value";

/// The head row.
#[derive(Debug)]
pub(super) struct HeadRow {
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) frontier: Frontier,
}

impl HeadRow {
    pub(super) fn of(row: Option<&Row>) -> Result<Self, ReadError> {
        let column = Column::of(row.ok_or_else(|| damaged(0, "the head row is missing"))?)?;
        let position = column.position;
        let frontier = Frontier::from_bytes(column.get(3)?).map_err(|error| damaged(position, &error.to_string()))?;
        if frontier.size() != position {
            return Err(damaged(position, &format!("the tree has {} leaves", frontier.size())));
        }
        let (epoch, recorded_at) = (Epoch(column.number(1)?), column.get(2)?);
        Ok(Self { epoch, position: Position(position), recorded_at, frontier })
    }
}

/// Events in the log's order, the first right after `after`.
pub(super) fn log(rows: &[Row], after: Position) -> Result<Vec<Recorded>, ReadError> {
    let mut next = after;
    rows.iter()
        .map(|row| {
            let event = event(row)?;
            next = next.next();
            if event.position == next { Ok(event) } else { Err(missing(next)) }
        })
        .collect()
}

/// Events in their stream's order, the first right after `after`.
pub(super) fn stream(rows: &[Row], after: Version) -> Result<Vec<Recorded>, ReadError> {
    (after.0 + 1..)
        .zip(rows)
        .map(|(version, row)| {
            let event = event(row)?;
            if event.version.0 == version {
                return Ok(event);
            }
            Err(damaged(event.position.0, &format!("version {version} of its stream is missing before it")))
        })
        .collect()
}

/// The answers to several questions at once, whose rows carry behind an event's columns the number of their question.
pub(super) fn streams(rows: &[Row], asked: &[Asked]) -> Vec<Streamed> {
    let number = |row: &Row| row.try_get::<_, i64>(NUMBER).unwrap_or_default();
    let mut rest = rows;
    let answers = (1..).zip(asked).map(|(at, asked)| {
        let (own, others) = rest.split_at(rest.partition_point(|row| number(row) <= at));
        rest = others;
        stream(own, asked.after)
    });
    answers.collect()
}

/// The events of a kind's streams, out of those and the one at `to`.
pub(super) fn moved(rows: &[Row], kind: StreamKind, to: Position) -> Result<Vec<Moved>, ReadError> {
    let all = rows.iter().map(|row| {
        let column = Column::of(row)?;
        let (position, is_own) = (Position(column.position), column.get::<&str>(1)? == kind.as_str());
        let (stream, version) = (StreamId::new(kind, column.get(2)?), Version(column.number(3)?));
        Ok((Moved { position, stream, version }, is_own))
    });
    let mut all: Vec<_> = all.collect::<Result<_, ReadError>>()?;
    if all.last().is_none_or(|(last, _)| last.position != to) {
        return Err(missing(to));
    }
    all.retain(|(_, is_own)| *is_own);
    Ok(all.into_iter().map(|(moved, _)| moved).collect())
}

pub(super) fn missing(position: Position) -> ReadError {
    damaged(position.0, "the event is missing")
}

pub(super) fn event(row: &Row) -> Result<Recorded, ReadError> {
    let column = Column::of(row)?;
    let payload = std::str::from_utf8(column.get(9)?).map_err(|_| column.damaged("the payload is no UTF-8"))?;
    let leaf_hash =
        column.get::<&[u8]>(13)?.try_into().map_err(|_| column.damaged("the leaf hash has another length"))?;
    let claims = match column.get::<Option<&str>>(11)? {
        Some(text) => serde_json::from_str(text).map_err(|_| column.damaged("the claims don't read"))?,
        None => Vec::new(),
    };
    let schema = column.get::<i32>(8)?.try_into().map_err(|_| column.damaged("the schema is out of range"))?;
    Ok(Recorded {
        position: Position(column.position),
        id: column.get::<Uuid>(1)?.into(),
        workspace: column.get::<Uuid>(2)?.into(),
        workspace_number: column.number(3)?,
        stream: column.stream(4)?,
        version: Version(column.number(6)?),
        event_type: column.get(7)?,
        schema,
        payload: payload.to_owned(),
        metadata: serde_json::from_str(column.get(10)?).map_err(|_| column.damaged("the metadata don't read"))?,
        claims,
        recorded_at: column.get(12)?,
        leaf_hash: Hash(leaf_hash),
    })
}

pub(super) fn receipt(row: &Row) -> Result<Receipt, ReadError> {
    let column = Column::of(row)?;
    let status = column.get::<i32>(3)?.try_into().map_err(|_| column.damaged("the status is out of range"))?;
    let receipt = NewReceipt {
        key: column.get(1)?,
        request_digest: column.get(2)?,
        status,
        resource: column.stream(4)?,
        sealed: column.get(6)?,
    };
    Ok(Receipt { receipt, position: Position(column.position), recorded_at: column.get(7)? })
}

pub(super) fn claim(row: &Row) -> Result<HeldClaim, ReadError> {
    let column = Column::of(row)?;
    Ok(HeldClaim {
        workspace: column.get::<Uuid>(1)?.into(),
        kind: column.get(2)?,
        value: column.get(3)?,
        holder: column.stream(4)?,
        position: Position(column.position),
    })
}

/// A row with the position that damage in it is told under.
pub(super) struct Column<'a> {
    row: &'a Row,
    pub(super) position: u64,
}

impl<'a> Column<'a> {
    /// A row whose first column is its position.
    pub(super) fn of(row: &'a Row) -> Result<Self, ReadError> {
        let position = Self { row, position: 0 }.number(0)?;
        Ok(Self { row, position })
    }

    /// A row that has no position.
    pub(super) const fn without_position(row: &'a Row) -> Self {
        Self { row, position: 0 }
    }

    fn damaged(&self, reason: &str) -> ReadError {
        damaged(self.position, reason)
    }

    pub(super) fn get<T: FromSql<'a>>(&self, at: usize) -> Result<T, ReadError> {
        self.row.try_get(at).map_err(|_| self.damaged(&format!("column {at} holds another type")))
    }

    pub(super) fn number(&self, at: usize) -> Result<u64, ReadError> {
        self.get::<i64>(at)?.try_into().map_err(|_| self.damaged(&format!("column {at} is negative")))
    }

    pub(super) fn stream(&self, at: usize) -> Result<StreamId, ReadError> {
        let newer = |error: UnknownStreamKind| ReadError::Newer {
            position: Position(self.position),
            reason: error.to_string(),
        };
        let kind = self.get::<&str>(at)?.parse().map_err(newer)?;
        Ok(StreamId::new(kind, self.get(at + 1)?))
    }
}

pub(super) fn damaged(position: u64, reason: &str) -> ReadError {
    ReadError::Damaged { position: Position(position), reason: reason.to_owned() }
}
