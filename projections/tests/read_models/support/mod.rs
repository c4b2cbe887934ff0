//! A log to project, a look into the tables, and parts that fail when told to.

mod fussy;
mod tables;
mod town;
mod watched;

use std::sync::Arc;

use campanile_events::{
    clock::ManualClock,
    db::{Database, Durability, Engine, Sqlite, engines::Databases},
    journal::{Journal, SqliteJournal},
};
use campanile_projections::{Runner, projection::Projection};
use chrono::DateTime;
pub use fussy::{Fussy, Raised};
pub use tables::dump;
use tempfile::TempDir;
pub use town::Town;
pub use watched::Watched;

/// A log, in SQLite, and room for read models of either engine.
pub struct House {
    folder: TempDir,
    databases: Databases,
    pub clock: Arc<ManualClock>,
    pub journal: Arc<dyn Journal>,
}

impl House {
    pub async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::starting_at(DateTime::from_timestamp(1_796_115_600, 0).unwrap());
        let db = Sqlite::open(&folder.path().join("journal.db"), Durability::Normal).unwrap();
        let journal = SqliteJournal::open(db, clock.clone()).await.unwrap();
        Self { folder, databases: Databases::of(engine), clock, journal: Arc::new(journal) }
    }

    pub async fn tables(&self, name: &str) -> Arc<dyn Database> {
        self.databases.open(name).await
    }

    pub fn town(&self, seed: u64) -> Town {
        Town::new(Arc::clone(&self.journal), self.clock.clone(), seed)
    }

    pub async fn runner(&self, db: &Arc<dyn Database>) -> Runner {
        self.runner_of(db, campanile_projections::all()).await
    }

    /// A runner of all projections, over a journal of its own on the same log.
    pub async fn runner_elsewhere(&self, db: &Arc<dyn Database>) -> Runner {
        let log = Sqlite::open(&self.folder.path().join("journal.db"), Durability::Normal).unwrap();
        let journal = SqliteJournal::open(log, self.clock.clone()).await.unwrap();
        Runner::open(Arc::new(journal), Arc::clone(db), campanile_projections::all()).await.unwrap()
    }

    pub async fn runner_of(&self, db: &Arc<dyn Database>, projections: Vec<Arc<dyn Projection>>) -> Runner {
        Runner::open(Arc::clone(&self.journal), Arc::clone(db), projections).await.unwrap()
    }
}
