//! Opening a file, and the seam's three verbs on it.

use std::{
    fmt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    checkpointer,
    readers::Readers,
    statement,
    transaction::SqliteTransaction,
    writer::{Turn, Writer},
};
use crate::{
    db::{Database, DbError, Engine, Row, Transaction, Value},
    sabotage::{Mutant, mutated},
};

/// How long a connection waits for a lock that another process holds.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 256;

/// What a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Until it is on the disk: what was acknowledged survives a loss of power.
    Full,
    /// Until the operating system has it: the last commits may be lost with the power, the file stays whole. For what
    /// can be built again.
    Normal,
}

/// One SQLite file. Clones share it; it closes with the last of them.
#[derive(Clone)]
pub struct Sqlite {
    writer: Writer,
    /// None in memory, where the writer's connection is the only one.
    readers: Option<Arc<Readers>>,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("readers", &self.readers).finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the file at `path`, or makes it.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, DbError> {
        let mut connection = Connection::open(path)?;
        prepare(&connection, durability)?;
        let mode: String = connection.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(DbError::Unavailable(format!("the file can't be kept in WAL mode, only in `{mode}`")));
        }
        checkpointer::start(path, &mut connection)?;
        let readers = Readers::new(path.to_owned());
        Ok(Self { writer: Writer::start(connection)?, readers: Some(Arc::new(readers)) })
    }

    /// A database that lives as long as its clones. Readers wait for the transaction that is open, as they share its
    /// connection: a task that holds one must read through it.
    pub fn open_in_memory() -> Result<Self, DbError> {
        let connection = Connection::open_in_memory()?;
        prepare(&connection, Durability::Normal)?;
        Ok(Self { writer: Writer::start(connection)?, readers: None })
    }

    /// Waits for the writer's thread and takes it.
    pub(crate) async fn turn(&self) -> Result<Turn, DbError> {
        self.writer.turn().await
    }

    /// Runs `op` on the writer's thread; a transaction that it leaves open is rolled back.
    pub(crate) async fn write<T, F>(&self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> T + Send + 'static,
    {
        self.turn().await?.run_whole(op).await
    }

    /// Runs `op`, which only reads, on a connection beside the writer's.
    pub(crate) async fn read<T, F>(&self, op: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> T + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.run(op).await,
            None => self.write(|connection| op(connection)).await,
        }
    }
}

/// What every writing connection is set to.
fn prepare(connection: &Connection, durability: Durability) -> Result<(), DbError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let synchronous = match durability {
        Durability::Full if mutated(Mutant::AnswerBeforeSync) => "off",
        Durability::Full if mutated(Mutant::SynchronousNormal) => "normal",
        Durability::Full => "full",
        Durability::Normal => "normal",
    };
    plan_once(connection)?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // Kibibytes, hence negative. Each of an engine's two files has a writer with a cache of its own.
    connection.pragma_update(None, "cache_size", -8_192)?;
    Ok(())
}

/// A statement's plan doesn't go by the values that are bound: else one with `limit $1` is prepared anew each time that it
/// runs, which costs more than running it.
fn plan_once(connection: &Connection) -> Result<(), DbError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that reads the file at `path`.
pub(super) fn open_reader(path: &Path) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    plan_once(&connection)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // The inner pages of a large file's indexes, and what one answer takes. The operating system's cache holds the rest, which
    // all of them share; most of them are closed again once nobody reads.
    connection.pragma_update(None, "cache_size", -2_048)?;
    Ok(connection)
}

#[async_trait]
impl Database for Sqlite {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let sql = sql.to_owned();
        self.read(move |connection| statement::query(connection, &sql, &values)).await?
    }

    async fn tidy(&self) -> Result<(), DbError> {
        let fold = |connection: &mut Connection| -> Result<(), DbError> {
            let until = Instant::now() + BUSY;
            // Readers may keep it from coming to the end; the thread beside the writer keeps it from beginning, for a moment.
            while connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, bool>(0))?
                && Instant::now() < until
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        };
        self.write(fold).await?
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        let sql = sql.to_owned();
        self.write(move |connection| statement::execute(connection, &sql, &values)).await?
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, DbError> {
        let turn = self.turn().await?;
        Ok(Box::new(SqliteTransaction::begin(turn).await?))
    }
}
