//! The databases below: the one place that names their engines.

use std::{path::Path, sync::Arc};

use campanile_events::{
    clock::{DatabaseClock, SharedClock},
    commands::Sharing,
    db::{Database, Durability, Postgres, Sqlite, postgres::Connections},
    journal::{Journal, PostgresJournal, SqliteJournal},
};

use super::OpenError;
use crate::{configuration::Folder, metrics::Metrics};

const JOURNAL: &str = "journal.db";
const READ_MODELS: &str = "read.db";
/// A server has a hundred connections by default, for all nodes; the journal takes some more.
const CONNECTIONS: Connections = Connections { reads: 4, writes: 3 };

/// What must not be lost, and the clock that it goes by.
pub(super) struct Databases {
    /// The clock that everything goes by: the database's, where nodes share one.
    pub clock: SharedClock,
    /// The log.
    pub journal: Arc<dyn Journal>,
    /// The tables beside it.
    pub side: Arc<dyn Database>,
    /// Whether other processes append to the log, too.
    pub sharing: Sharing,
}

impl Databases {
    /// Opens them, or makes them; `clock` is the process's own.
    pub(super) async fn open(folder: &Folder, clock: SharedClock, metrics: &Metrics) -> Result<Self, OpenError> {
        let observer = Arc::new(metrics.clone());
        let Some(settings) = &folder.database else {
            let db = Sqlite::open(&folder.path.join(JOURNAL), Durability::Full)?;
            let journal = SqliteJournal::open_observed(db.clone(), clock.clone(), observer).await?;
            return Ok(Self { clock, journal: Arc::new(journal), side: Arc::new(db), sharing: Sharing::Alone });
        };
        let side: Arc<dyn Database> = Arc::new(Postgres::open(&settings.clone().named("tables"), CONNECTIONS).await?);
        let clock = DatabaseClock::start(Arc::clone(&side)).await?;
        let journal = PostgresJournal::open_observed(settings, observer).await?;
        Ok(Self { clock, journal: Arc::new(journal), side, sharing: Sharing::Shared })
    }
}

/// Opens the read models, or makes them: in a file of their own, or beside the side tables.
pub(super) fn read_models(folder: &Folder, side: &Arc<dyn Database>) -> Result<Arc<dyn Database>, OpenError> {
    Ok(match &folder.database {
        None => Arc::new(Sqlite::open(&folder.path.join(READ_MODELS), Durability::Normal)?),
        Some(_) => Arc::clone(side),
    })
}

/// Takes away the read models of a folder whose log was another: they come back from the one that it has now. Those in a
/// database were restored with it.
pub(super) fn forget_read_models(folder: &Path) -> std::io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        match std::fs::remove_file(folder.join(format!("{READ_MODELS}{ending}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether an engine may be there: a look that makes nothing.
pub(super) fn may_be_in(folder: &Folder) -> bool {
    folder.database.is_some() || folder.path.join(JOURNAL).exists()
}
