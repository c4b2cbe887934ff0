//! Values that go into statements, and rows that come back.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::DbError;

/// One value, bound or read.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An instant, to the microsecond.
    Time(DateTime<Utc>),
    /// A UUID.
    Uuid(Uuid),
}

impl Value {
    /// An instant as SQLite keeps it: text of fixed width.
    pub fn time_text(time: DateTime<Utc>) -> String {
        time.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $made:expr),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}
from! {
    i64 => |value| Self::Integer(value),
    u32 => |value| Self::Integer(i64::from(value)),
    u64 => |value| Self::Integer(value as i64),
    usize => |value| Self::Integer(value as i64),
    bool => |value| Self::Integer(i64::from(value)),
    &str => |value| Self::Text(value.to_owned()),
    String => |value| Self::Text(value),
    Vec<u8> => |value| Self::Bytes(value),
    DateTime<Utc> => |value| Self::Time(value),
    Uuid => |value| Self::Uuid(value),
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row that was read; columns are asked for by name.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// A row of `values` under `columns`; an engine makes it.
    pub fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The columns' values, in the order of the statement.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    fn value(&self, column: &str) -> Result<&Value, DbError> {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| self.values.get(at)).ok_or_else(|| mismatch(column, "a column of the statement"))
    }

    /// A whole number.
    pub fn integer(&self, column: &str) -> Result<i64, DbError> {
        self.optional_integer(column)?.ok_or_else(|| mismatch(column, "a number"))
    }

    /// A whole number that is never negative.
    pub fn number(&self, column: &str) -> Result<u64, DbError> {
        u64::try_from(self.integer(column)?).map_err(|_| mismatch(column, "a number from 0"))
    }

    /// A truth.
    pub fn boolean(&self, column: &str) -> Result<bool, DbError> {
        Ok(self.integer(column)? != 0)
    }

    /// A whole number, or nothing.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, DbError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(value) => Ok(Some(*value)),
            _ => Err(mismatch(column, "a number")),
        }
    }

    /// Text.
    pub fn text(&self, column: &str) -> Result<String, DbError> {
        self.optional_text(column)?.ok_or_else(|| mismatch(column, "text"))
    }

    /// Text, or nothing.
    pub fn optional_text(&self, column: &str) -> Result<Option<String>, DbError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value.clone())),
            _ => Err(mismatch(column, "text")),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, DbError> {
        match self.value(column)? {
            Value::Bytes(value) => Ok(value.clone()),
            _ => Err(mismatch(column, "bytes")),
        }
    }

    /// An instant.
    pub fn time(&self, column: &str) -> Result<DateTime<Utc>, DbError> {
        self.optional_time(column)?.ok_or_else(|| mismatch(column, "a time"))
    }

    /// An instant, or nothing.
    pub fn optional_time(&self, column: &str) -> Result<Option<DateTime<Utc>>, DbError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Time(value) => Ok(Some(*value)),
            Value::Text(text) => NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.6fZ")
                .map(|time| Some(time.and_utc()))
                .map_err(|_| mismatch(column, "a time")),
            _ => Err(mismatch(column, "a time")),
        }
    }

    /// A UUID.
    pub fn uuid(&self, column: &str) -> Result<Uuid, DbError> {
        self.optional_uuid(column)?.ok_or_else(|| mismatch(column, "a uuid"))
    }

    /// A UUID, or nothing.
    pub fn optional_uuid(&self, column: &str) -> Result<Option<Uuid>, DbError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Uuid(value) => Ok(Some(*value)),
            Value::Bytes(bytes) => Uuid::from_slice(bytes).map(Some).map_err(|_| mismatch(column, "a uuid")),
            _ => Err(mismatch(column, "a uuid")),
        }
    }
}

fn mismatch(column: &str, expected: &'static str) -> DbError {
    DbError::Column { column: column.to_owned(), expected }
}
