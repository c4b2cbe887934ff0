//! One connection and the statements that are prepared on it.

use std::{num::NonZeroUsize, sync::Arc};

use futures::{FutureExt, future::join_all};
use lru::LruCache;
use tokio_postgres::{Client, Statement, types::ToSql};

use super::{
    connect::connect,
    error::Failure,
    settings::Settings,
    values::{Bound, Read},
};
use crate::db::{Change, DbError, Row, Table, Value, Write};

/// Statements that a session keeps prepared.
const STATEMENTS: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

pub(super) struct Session {
    client: Client,
    statements: LruCache<String, Prepared>,
}

#[derive(Clone)]
struct Prepared {
    statement: Statement,
    columns: Arc<[String]>,
}

impl Prepared {
    fn rows(&self, rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, Failure> {
        let width = self.columns.len();
        let read = |row: &tokio_postgres::Row| {
            let values = (0..width).map(|at| row.try_get(at).map(|Read(value)| value)).collect::<Result<_, _>>()?;
            Ok(Row::new(Arc::clone(&self.columns), values))
        };
        Ok(rows.iter().map(read).collect::<Result<_, tokio_postgres::Error>>()?)
    }
}

impl Session {
    pub(super) async fn open(settings: &Settings) -> Result<Self, DbError> {
        Ok(Self { client: connect(settings).await?, statements: LruCache::new(STATEMENTS) })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) async fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let prepared = self.prepared(sql).await?;
        let answer = self.client.query(&prepared.statement, &as_parameters(&bound(values))).await;
        let rows = self.checked(answer)?;
        prepared.rows(&rows)
    }

    pub(super) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Failure> {
        let prepared = self.prepared(sql).await?;
        let answer = self.client.execute(&prepared.statement, &as_parameters(&bound(values))).await;
        self.checked(answer)
    }

    pub(super) async fn script(&mut self, sql: &str) -> Result<(), Failure> {
        let answer = self.client.batch_execute(sql).await;
        self.checked(answer)
    }

    /// One statement, whatever the number of keys: a column travels as an array.
    pub(super) async fn read_rows(
        &mut self,
        table: &Table,
        name: &str,
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, Failure> {
        let key = &table.columns[..table.key];
        let arrays = self.arrays(name, key).await?.join(", ");
        let columns: Vec<String> = table.columns.iter().map(|column| format!("{name}.{column}")).collect();
        let matches: Vec<String> = key.iter().map(|column| format!("{name}.{column} = wanted.{column}")).collect();
        let sql = format!(
            "select {} from unnest({arrays}) as wanted ({}) join {name} on {}",
            columns.join(", "),
            key.join(", "),
            matches.join(" and ")
        );
        let keys = by_column(key.len(), keys)?;
        let prepared = self.prepared(&sql).await?;
        let answer = self.client.query(&prepared.statement, &as_parameters(&keys)).await;
        let rows = self.checked(answer)?;
        prepared.rows(&rows)
    }

    /// One statement, whatever the number of rows: a column travels as an array.
    pub(super) async fn write_rows(&mut self, table: &Table, name: &str, rows: &[Vec<Value>]) -> Result<(), Failure> {
        let statement = self.putting(table, name).await?;
        self.run_all(vec![(statement, by_column(table.columns.len(), rows)?)]).await
    }

    pub(super) async fn delete_rows(&mut self, table: &Table, name: &str, keys: &[Vec<Value>]) -> Result<(), Failure> {
        let statement = self.deleting(table, name).await?;
        self.run_all(vec![(statement, by_column(table.key, keys)?)]).await
    }

    /// The same of several tables, in one trip.
    pub(super) async fn write_all(&mut self, writes: &[Write]) -> Result<(), Failure> {
        let mut all = Vec::with_capacity(writes.len());
        for Write { table, name, change } in writes {
            all.push(match change {
                Change::Put(rows) => (self.putting(table, name).await?, by_column(table.columns.len(), rows)?),
                Change::Delete(keys) => (self.deleting(table, name).await?, by_column(table.key, keys)?),
            });
        }
        self.run_all(all).await
    }

    /// Runs queries one after the other, in one trip.
    pub(super) async fn query_all(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, Failure> {
        let mut all = Vec::with_capacity(queries.len());
        for sql in queries {
            all.push(self.prepared(sql).await?);
        }
        let asked = all.iter().map(|prepared| self.client.query(&prepared.statement, &[]));
        let answers = join_all(asked).await;
        let mut read = Vec::with_capacity(all.len());
        for (prepared, answer) in all.iter().zip(answers) {
            read.push(prepared.rows(&self.checked(answer)?)?);
        }
        Ok(read)
    }

    async fn putting(&mut self, table: &Table, name: &str) -> Result<Prepared, Failure> {
        let (key, rest) = table.columns.split_at(table.key);
        let arrays = self.arrays(name, table.columns).await?;
        // Taken apart side by side: those of one `unnest` are gathered into a table of their own first.
        let rows: Vec<String> = arrays.iter().map(|array| format!("unnest({array})")).collect();
        let action = if rest.is_empty() {
            "nothing".to_owned()
        } else {
            let set: Vec<String> = rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
            format!("update set {}", set.join(", "))
        };
        let sql = format!(
            "insert into {name} ({}) select {} on conflict ({}) do {action}",
            table.columns.join(", "),
            rows.join(", "),
            key.join(", ")
        );
        self.prepared(&sql).await
    }

    async fn deleting(&mut self, table: &Table, name: &str) -> Result<Prepared, Failure> {
        let key = &table.columns[..table.key];
        let arrays = self.arrays(name, key).await?.join(", ");
        let matches: Vec<String> = key.iter().map(|column| format!("{name}.{column} = gone.{column}")).collect();
        let sql = format!(
            "delete from {name} using unnest({arrays}) as gone ({}) where {}",
            key.join(", "),
            matches.join(" and ")
        );
        self.prepared(&sql).await
    }

    /// Sends a rollback without waiting for it; what is sent next comes after it.
    pub(super) fn roll_back(&self) {
        // Polled once, the message is on its way.
        drop(self.client.batch_execute("rollback").now_or_never());
    }

    /// `$1::uuid[]` and `$2::text[]`, as the table's columns are.
    async fn arrays(&mut self, name: &str, columns: &[&str]) -> Result<Vec<String>, Failure> {
        let places: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
        // Never run: its parameters have the columns' types.
        let sql = format!("insert into {name} ({}) values ({})", columns.join(", "), places.join(", "));
        let prepared = self.prepared(&sql).await?;
        let types = prepared.statement.params().iter();
        Ok((1..).zip(types).map(|(number, ty)| format!("${number}::\"{}\".\"{}\"[]", ty.schema(), ty.name())).collect())
    }

    /// Runs statements one after the other, in one trip. Of those that fail the first one's failure is told: it took the
    /// others with it.
    async fn run_all(&mut self, all: Vec<(Prepared, Vec<Vec<Bound<'_>>>)>) -> Result<(), Failure> {
        let client = &self.client;
        let run = all.iter().map(|(prepared, columns)| async move {
            client.execute(&prepared.statement, &as_parameters(columns)).await
        });
        // Each is on its way once it is polled, and they are polled in their order.
        let answers = join_all(run).await;
        answers.into_iter().try_for_each(|answer| self.checked(answer).map(drop))
    }

    async fn prepared(&mut self, sql: &str) -> Result<Prepared, Failure> {
        if let Some(prepared) = self.statements.get(sql) {
            return Ok(prepared.clone());
        }
        let answer = self.client.prepare(sql).await;
        let statement = self.checked(answer)?;
        let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let prepared = Prepared { statement, columns };
        self.statements.put(sql.to_owned(), prepared.clone());
        Ok(prepared)
    }

    /// A refused statement may be one that was prepared for tables as they no longer are.
    fn checked<T>(&mut self, answer: Result<T, tokio_postgres::Error>) -> Result<T, Failure> {
        answer.map_err(|error| {
            let failure = Failure::from(error);
            if matches!(failure.error, DbError::Statement(_)) {
                self.statements.clear();
            }
            failure
        })
    }
}

fn by_column(width: usize, rows: &[Vec<Value>]) -> Result<Vec<Vec<Bound<'_>>>, Failure> {
    if rows.iter().any(|row| row.len() != width) {
        let error = DbError::Statement(format!("a row that doesn't have {width} values"));
        return Err(Failure { error, is_lost: false, is_stale: false });
    }
    Ok((0..width).map(|at| rows.iter().map(|row| Bound(&row[at])).collect()).collect())
}

fn bound(values: &[Value]) -> Vec<Bound<'_>> {
    values.iter().map(Bound).collect()
}

fn as_parameters<T: ToSql + Sync>(values: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
