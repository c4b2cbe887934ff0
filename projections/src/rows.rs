//! The rows that a batch reads and changes, held until each is written once.

use std::collections::BTreeMap;

use campanile_events::{
    db::{self, DbError, Row, Transaction, Value, Write},
    ids::Position,
};

use crate::projection::TableDefinition;

/// What a table that is built beside the live one is called after its name.
pub(crate) const NEXT: &str = "__next";

/// Where a batch stands: what a projection remembers of earlier batches holds only if it ended where this one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The number of the build that the rows belong to.
    pub build: u64,
    /// Everything up to here is in the tables.
    pub after: Position,
    /// Where the tables will stand.
    pub to: Position,
}

/// Rows of one projection, within the transaction that also moves its checkpoint.
pub struct RowCache<'a> {
    transaction: &'a mut dyn Transaction,
    span: Span,
    beside: bool,
    tables: BTreeMap<&'static str, Held>,
}

struct Held {
    definition: &'static TableDefinition,
    rows: BTreeMap<Vec<u8>, Change>,
}

enum Change {
    Put(Vec<Value>),
    Delete(Vec<Value>),
}

impl<'a> RowCache<'a> {
    /// Rows of the live tables, or of those `beside` them.
    pub fn new(transaction: &'a mut dyn Transaction, span: Span, beside: bool) -> Self {
        Self { transaction, span, beside, tables: BTreeMap::new() }
    }

    /// Where the batch stands.
    pub const fn span(&self) -> Span {
        self.span
    }

    /// The rows with these keys as they were before this batch, in no order.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn before(&mut self, table: &TableDefinition, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, DbError> {
        let name = self.name(table);
        self.transaction.read_rows(&table.table, &name, keys).await
    }

    /// Inserts or replaces the row when the batch is written. Its first values are its key.
    pub fn put(&mut self, table: &'static TableDefinition, row: Vec<Value>) {
        let key = sortable(&row[..table.table.key]);
        self.held(table).rows.insert(key, Change::Put(row));
    }

    /// Deletes the row with this key when the batch is written.
    pub fn delete(&mut self, table: &'static TableDefinition, key: Vec<Value>) {
        let at = sortable(&key);
        self.held(table).rows.insert(at, Change::Delete(key));
    }

    /// Writes each changed row, once, in the order of the keys.
    ///
    /// # Errors
    /// If the database refuses; the transaction can't be kept then.
    pub async fn write(self) -> Result<(), DbError> {
        let (beside, tables) = (self.beside, self.tables);
        self.transaction.write_all(writes(tables, beside)).await
    }

    /// What [`RowCache::write`] would write, for who writes more with it.
    pub(crate) fn into_writes(self) -> Vec<Write> {
        writes(self.tables, self.beside)
    }

    fn name(&self, table: &TableDefinition) -> String {
        table_name(table, self.beside)
    }

    fn held(&mut self, definition: &'static TableDefinition) -> &mut Held {
        let new = || Held { definition, rows: BTreeMap::new() };
        self.tables.entry(definition.table.name).or_insert_with(new)
    }
}

fn writes(tables: BTreeMap<&'static str, Held>, beside: bool) -> Vec<Write> {
    let mut writes = Vec::with_capacity(tables.len());
    for held in tables.into_values() {
        let (mut put, mut deleted) = (Vec::new(), Vec::new());
        for change in held.rows.into_values() {
            match change {
                Change::Put(row) => put.push(row),
                Change::Delete(key) => deleted.push(key),
            }
        }
        let mut write = |change| {
            let (table, name) = (held.definition.table, table_name(held.definition, beside));
            writes.push(Write { table, name, change });
        };
        if !deleted.is_empty() {
            write(db::Change::Delete(deleted));
        }
        if !put.is_empty() {
            write(db::Change::Put(put));
        }
    }
    writes
}

/// The name of a table, or of the one beside it.
pub(crate) fn table_name(definition: &TableDefinition, beside: bool) -> String {
    let suffix = if beside { NEXT } else { "" };
    format!("{}{suffix}", definition.table.name)
}

/// Bytes that tell keys of one table apart, so that rows come in the order of their ids.
fn sortable(key: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    for value in key {
        match value {
            Value::Null => bytes.push(0),
            Value::Integer(number) => bytes.extend((number ^ i64::MIN).to_be_bytes()),
            Value::Text(text) => {
                bytes.extend(text.as_bytes());
                bytes.push(0);
            }
            Value::Bytes(text) => {
                bytes.extend((text.len() as u64).to_be_bytes());
                bytes.extend(text);
            }
            Value::Time(time) => bytes.extend((time.timestamp_micros() ^ i64::MIN).to_be_bytes()),
            Value::Uuid(uuid) => bytes.extend(uuid.as_bytes()),
        }
    }
    bytes
}
