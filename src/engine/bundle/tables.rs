//! The tables that a bundle holds, and their rows as text.

use campanile_events::db::{DbError, Row, Table, Value};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bytes,
    Number,
    Text,
    Time,
    Uuid,
}
use Kind::{Bytes, Number, Text, Time, Uuid};

/// A table and what its columns hold.
pub(super) struct Kept {
    pub(super) table: Table,
    kinds: &'static [Kind],
}

/// Every table of a bundle, under the name that it has there. A new table of what can't come back from the log is one
/// line.
pub(super) static ALL: &[Kept] = &[
    kept("data_keys", 1, &["scope", "wrapped", "created_at"], &[Uuid, Bytes, Time]),
    kept("log_signing_key", 1, &["id", "name", "wrapped", "created_at"], &[Number, Text, Bytes, Time]),
    kept("log_checkpoints", 2, &["epoch", "size", "note", "created_at"], &[Number, Number, Text, Time]),
    kept("key_verifiers", 1, &["verifier", "key_id", "workspace_id", "pepper"], &[Bytes, Uuid, Uuid, Number]),
    kept("key_peppers", 1, &["version", "proof", "used_since"], &[Number, Bytes, Time]),
    kept("key_usage", 1, &["key_id", "last_used_at", "last_used_from"], &[Uuid, Time, Text]),
    kept(
        "key_refusals",
        4,
        &["key_id", "began_at", "route", "code", "refused", "first_at", "last_at", "request_id", "address"],
        &[Uuid, Time, Text, Text, Number, Time, Time, Text, Text],
    ),
    kept("password_hashes", 1, &["person_id", "hash", "changed_at"], &[Uuid, Text, Time]),
    kept(
        "platform_tokens",
        2,
        &["account_id", "field", "wrapped_key", "sealed", "updated_at"],
        &[Uuid, Text, Bytes, Text, Time],
    ),
    kept(
        "receipts",
        2,
        &[
            "workspace",
            "key",
            "request_digest",
            "status",
            "resource_kind",
            "resource_id",
            "sealed",
            "position",
            "recorded_at",
        ],
        &[Uuid, Text, Bytes, Number, Text, Uuid, Text, Number, Time],
    ),
];

const fn kept(name: &'static str, key: usize, columns: &'static [&'static str], kinds: &'static [Kind]) -> Kept {
    Kept { table: Table { name, columns, key }, kinds }
}

impl Kept {
    /// Reads all rows, in an order of their own.
    pub(super) fn select(&self) -> String {
        let Table { name, columns, key } = self.table;
        format!("select {} from {name} order by {}", columns.join(", "), columns[..key].join(", "))
    }

    /// A row that was read, as text.
    pub(super) fn write(&self, row: &Row) -> Result<Json, DbError> {
        let cells = self.table.columns.iter().zip(self.kinds).zip(row.values());
        cells.map(|((column, kind), value)| kind.write(row, column, value)).collect()
    }

    /// The values of a row's text.
    pub(super) fn read(&self, row: &Json) -> Option<Vec<Value>> {
        let cells = row.as_array().filter(|cells| cells.len() == self.kinds.len())?;
        self.kinds.iter().zip(cells).map(|(kind, cell)| kind.read(cell)).collect()
    }

    /// Where the column stands that says up to which position of the log a row speaks.
    pub(super) fn position(&self) -> Option<usize> {
        self.table.columns.iter().position(|name| matches!(*name, "position" | "size"))
    }
}

impl Kind {
    fn write(self, row: &Row, column: &str, value: &Value) -> Result<Json, DbError> {
        if *value == Value::Null {
            return Ok(Json::Null);
        }
        Ok(match self {
            Bytes => json!(hex::encode(row.bytes(column)?)),
            Number => json!(row.integer(column)?),
            Text => json!(row.text(column)?),
            Time => json!(row.time(column)?.to_rfc3339_opts(SecondsFormat::Micros, true)),
            Uuid => json!(row.uuid(column)?),
        })
    }

    fn read(self, cell: &Json) -> Option<Value> {
        if cell.is_null() {
            return Some(Value::Null);
        }
        let text = || cell.as_str();
        Some(match self {
            Bytes => hex::decode(text()?).ok()?.into(),
            Number => cell.as_i64()?.into(),
            Text => text()?.into(),
            Time => DateTime::parse_from_rfc3339(text()?).ok()?.with_timezone(&Utc).into(),
            Uuid => uuid::Uuid::parse_str(text()?).ok()?.into(),
        })
    }
}
