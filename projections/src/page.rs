//! Paging, once for every list: newest first, by offset or by a cursor that stays where it is while rows are added.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use campanile_events::{
    db::{Database, DbError, Row, Value},
    ids::WorkspaceId,
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Bytes at a cursor's end.
const MARK: usize = 6;

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub limit: usize,
    /// Rows to pass over, after the cursor if there is one.
    pub offset: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl Page {
    /// The first so many rows.
    pub const fn first(limit: usize) -> Self {
        Self { limit, offset: 0, cursor: None }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// What the next page begins after; `None` at the end.
    pub next_cursor: Option<String>,
}

/// Why a query gave nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The cursor is none that a page ended with.
    #[error("`{cursor}` is not a cursor of this list")]
    Cursor {
        /// What was given.
        cursor: String,
    },
    /// A stored state doesn't read: it is a newer build's, or a defect of ours, or damage.
    #[error("the state of {id} doesn't read: {reason}")]
    State {
        /// Whose state.
        id: String,
        /// What is wrong.
        reason: String,
    },
}

/// A row of a list. Its table has `workspace_id`, `created_at` and an index over both with its id.
pub(crate) trait Listed: Sized {
    /// The table.
    const TABLE: &'static str;
    /// The column of its id.
    const ID: &'static str;

    /// Reads a row with all columns.
    fn read(row: &Row) -> Result<Self, QueryError>;
}

/// Conditions of a `select`, each with its values.
pub(crate) struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Rows of one workspace.
    pub(crate) fn of(workspace: WorkspaceId) -> Self {
        Self { sql: vec!["workspace_id = $1".to_owned()], values: vec![workspace.uuid().into()] }
    }

    /// Also this; each `?` in `sql` stands for the next of `values`.
    pub(crate) fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        let mut numbered = sql.to_owned();
        for value in values {
            self.values.push(value);
            numbered = numbered.replacen('?', &format!("${}", self.values.len()), 1);
        }
        self.sql.push(numbered);
    }

    /// Which list this is of a table, whatever the moment: a list by time asks for another one each time.
    fn mark(&self, table: &str) -> Sha256 {
        let mut mark = Sha256::new();
        let mut feed = |bytes: &[u8]| {
            mark.update((bytes.len() as u64).to_be_bytes());
            mark.update(bytes);
        };
        feed(table.as_bytes());
        self.sql.iter().for_each(|sql| feed(sql.as_bytes()));
        for value in &self.values {
            match value {
                Value::Time(_) => {}
                Value::Null => feed(&[]),
                Value::Integer(number) => feed(&number.to_be_bytes()),
                Value::Text(text) => feed(text.as_bytes()),
                Value::Bytes(bytes) => feed(bytes),
                Value::Uuid(id) => feed(id.as_bytes()),
            }
        }
        mark
    }
}

/// The place of a row in its list.
struct Place {
    created_at: DateTime<Utc>,
    id: Uuid,
}

impl Place {
    fn of<T: Listed>(row: &Row) -> Result<Self, DbError> {
        Ok(Self { created_at: row.time("created_at")?, id: row.uuid(T::ID)? })
    }

    /// What a client gives back. Its end tells it from another list's, and from one that was altered.
    fn cursor(&self, mark: Sha256) -> String {
        let mut bytes = self.created_at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(self.id.as_bytes());
        let end = mark.chain_update(&bytes).finalize();
        bytes.extend(&end[..MARK]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(cursor: &str, mark: Sha256) -> Result<Self, QueryError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let place = bytes.as_deref().and_then(|bytes| {
            let (micros, id) = bytes.split_first_chunk()?;
            let created_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
            Some(Self { created_at, id: Uuid::from_slice(id.get(..id.len().checked_sub(MARK)?)?).ok()? })
        });
        let own = place.filter(|place| place.cursor(mark) == cursor);
        own.ok_or_else(|| QueryError::Cursor { cursor: cursor.to_owned() })
    }
}

/// The cursor after a row of a list.
pub(crate) fn cursor<T: Listed>(conditions: &Conditions, created_at: DateTime<Utc>, id: Uuid) -> String {
    Place { created_at, id }.cursor(conditions.mark(T::TABLE))
}

/// Reads one page.
pub(crate) async fn list<T: Listed>(
    db: &dyn Database,
    mut conditions: Conditions,
    page: &Page,
) -> Result<Paged<T>, QueryError> {
    let (id, mark) = (T::ID, conditions.mark(T::TABLE));
    if let Some(cursor) = &page.cursor {
        let Place { created_at, id: after } = Place::read(cursor, mark.clone())?;
        conditions.and(&format!("(created_at, {id}) < (?, ?)"), [created_at.into(), after.into()]);
    }
    let Conditions { sql, mut values } = conditions;
    // One more than asked for tells whether there is a next page.
    values.extend([Value::from(page.limit + 1), page.offset.into()]);
    let sql = format!(
        "select * from {} where {} order by created_at desc, {id} desc limit ${} offset ${}",
        T::TABLE,
        sql.join(" and "),
        values.len() - 1,
        values.len(),
    );
    let rows = db.query(&sql, values).await?;
    let last = (rows.len() > page.limit).then(|| page.limit.checked_sub(1)).flatten();
    let next_cursor = last.map(|last| Place::of::<T>(&rows[last])).transpose()?.map(|place| place.cursor(mark));
    let rows = rows.iter().take(page.limit).map(T::read).collect::<Result<_, _>>()?;
    Ok(Paged { rows, next_cursor })
}

/// Reads one row by its id.
pub(crate) async fn get<T: Listed>(
    db: &dyn Database,
    workspace: WorkspaceId,
    id: Uuid,
) -> Result<Option<T>, QueryError> {
    let sql = format!("select * from {} where {} = $1 and workspace_id = $2", T::TABLE, T::ID);
    db.query(&sql, vec![id.into(), workspace.uuid().into()]).await?.first().map(T::read).transpose()
}
