//! Values into statements, rows out of them.

use std::{borrow::Cow, sync::Arc};

use rusqlite::{
    CachedStatement, Connection, Statement,
    types::{ToSql, ToSqlOutput, ValueRef},
};

use crate::db::{DbError, Row, Table, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Integer(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Bytes(bytes) => bytes.as_slice().into(),
            Self::Time(time) => Self::time_text(*time).into(),
            Self::Uuid(uuid) => uuid.as_bytes().as_slice().into(),
        })
    }
}

pub(super) fn query(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
    let mut statement = prepare(connection, sql, values)?;
    let mut rows = statement.raw_query();
    let (mut out, mut names) = (Vec::new(), None::<Arc<[String]>>);
    while let Some(row) = rows.next()? {
        // Only now: the first step prepares the statement anew if its tables were changed.
        let columns = names.get_or_insert_with(|| row.as_ref().column_names().map(str::to_owned).collect());
        let values = (0..columns.len()).map(|at| read(row.get_ref(at)?, &columns[at])).collect::<Result<_, _>>()?;
        out.push(Row::new(Arc::clone(columns), values));
    }
    Ok(out)
}

pub(super) fn execute(connection: &Connection, sql: &str, values: &[Value]) -> Result<u64, DbError> {
    let mut statement = prepare(connection, sql, values)?;
    if statement.column_count() == 0 {
        return Ok(statement.raw_execute()? as u64);
    }
    // A statement with `returning` runs as its rows are taken.
    let mut rows = statement.raw_query();
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

pub(super) fn read_rows(
    connection: &Connection,
    table: &Table,
    name: &str,
    keys: &[Vec<Value>],
) -> Result<Vec<Row>, DbError> {
    let key = &table.columns[..table.key];
    let matches = numbered(1, key.len(), |number| format!("{} = ?{number}", key[number - 1])).join(" and ");
    let sql = format!("select {} from {name} where {matches}", table.columns.join(", "));
    let mut statement = connection.prepare_cached(&sql)?;
    let columns: Arc<[String]> = table.columns.iter().map(|column| (*column).to_owned()).collect();
    let mut out = Vec::with_capacity(keys.len());
    for key in keys {
        let mut rows = statement.query(rusqlite::params_from_iter(key))?;
        while let Some(row) = rows.next()? {
            let values = (0..columns.len()).map(|at| read(row.get_ref(at)?, &columns[at])).collect::<Result<_, _>>()?;
            out.push(Row::new(Arc::clone(&columns), values));
        }
    }
    Ok(out)
}

pub(super) fn write_rows(
    connection: &Connection,
    table: &Table,
    name: &str,
    rows: &[Vec<Value>],
) -> Result<(), DbError> {
    let (key, rest) = table.columns.split_at(table.key);
    let places = numbered(1, table.columns.len(), |number| format!("?{number}")).join(", ");
    let action = if rest.is_empty() {
        Cow::Borrowed("nothing")
    } else {
        let set: Vec<String> = rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        Cow::Owned(format!("update set {}", set.join(", ")))
    };
    let sql = format!(
        "insert into {name} ({}) values ({places}) on conflict ({}) do {action}",
        table.columns.join(", "),
        key.join(", ")
    );
    run_each(connection, &sql, rows)
}

pub(super) fn delete_rows(
    connection: &Connection,
    table: &Table,
    name: &str,
    keys: &[Vec<Value>],
) -> Result<(), DbError> {
    let key = &table.columns[..table.key];
    let matches = numbered(1, key.len(), |number| format!("{} = ?{number}", key[number - 1])).join(" and ");
    run_each(connection, &format!("delete from {name} where {matches}"), keys)
}

fn numbered(from: usize, count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
    (from..from + count).map(text).collect()
}

fn run_each(connection: &Connection, sql: &str, rows: &[Vec<Value>]) -> Result<(), DbError> {
    let mut statement = connection.prepare_cached(sql)?;
    for row in rows {
        statement.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(())
}

fn prepare<'a>(connection: &'a Connection, sql: &str, values: &[Value]) -> Result<CachedStatement<'a>, DbError> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, values)?;
    Ok(statement)
}

/// SQLite takes `$2` for a name and numbers names by first mention, so values are bound by name.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), DbError> {
    if statement.parameter_count() != values.len() {
        return Err(DbError::Statement(format!(
            "{} values for a statement that takes {}",
            values.len(),
            statement.parameter_count()
        )));
    }
    for (number, value) in (1..).zip(values) {
        let name = format!("${number}");
        let at = statement
            .parameter_index(&name)?
            .ok_or_else(|| DbError::Statement(format!("the statement doesn't mention {name}")))?;
        statement.raw_bind_parameter(at, value)?;
    }
    Ok(())
}

fn read(value: ValueRef<'_>, column: &str) -> Result<Value, DbError> {
    let mismatch = |expected| DbError::Column { column: column.to_owned(), expected };
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Text(bytes) => {
            Value::Text(std::str::from_utf8(bytes).map_err(|_| mismatch("text in UTF-8"))?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
        ValueRef::Real(_) => return Err(mismatch("a number, text or bytes")),
    })
}
