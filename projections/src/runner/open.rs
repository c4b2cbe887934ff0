//! Opening a runner: its tables are made, and what has to be built anew is begun.

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use campanile_events::{
    db::{Database, Engine, Transaction, migrate},
    ids::Position,
    journal::{Head, Journal},
};
use tokio::sync::{Notify, watch};

use super::{
    OpenError, Runner,
    checkpoint::{self, Checkpoint, Place},
    tables,
};
use crate::projection::Projection;

impl Runner {
    /// Makes what tables are missing. A projection of a raised version begins to be built beside its live tables; one
    /// whose rows come from another epoch of the log, or from events that the log no longer has, begins anew.
    ///
    /// # Errors
    /// If two projections share a name, or a newer build made the tables.
    pub async fn open(
        journal: Arc<dyn Journal>,
        db: Arc<dyn Database>,
        projections: Vec<Arc<dyn Projection>>,
    ) -> Result<Self, OpenError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = projections.iter().find(|projection| !names.insert(projection.name())) {
            return Err(OpenError::Duplicate { name: twice.name() });
        }
        let migrations = match db.engine() {
            Engine::Sqlite => checkpoint::SQLITE,
            Engine::Postgres => checkpoint::POSTGRES,
        };
        migrate(db.as_ref(), checkpoint::MIGRATIONS, migrations).await?;
        let head = journal.head().await?;
        let mut transaction = db.begin().await?;
        let checkpoints = Checkpoint::lock_waiting(transaction.as_mut(), db.engine()).await?;
        for projection in &projections {
            let own: Vec<_> = checkpoints.iter().filter(|it| it.projection == projection.name()).collect();
            prepare(transaction.as_mut(), db.engine(), projection.as_ref(), &head, &own).await?;
        }
        transaction.commit().await?;
        let runner = Self {
            journal,
            epoch: head.epoch,
            projections,
            turn: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            announced: watch::channel(Position(0)).0,
            woken: Notify::new(),
            wanted: 0.into(),
            waiting: watch::Sender::default(),
            stopped: watch::Sender::default(),
            runs: false.into(),
            db,
        };
        runner.see(Checkpoint::all(runner.db.as_ref()).await?);
        Ok(runner)
    }
}

/// Makes or begins anew what one projection needs.
async fn prepare(
    transaction: &mut dyn Transaction,
    engine: Engine,
    projection: &dyn Projection,
    head: &Head,
    own: &[&Checkpoint],
) -> Result<(), OpenError> {
    let (name, version) = (projection.name(), projection.version());
    if let Some(newer) = own.iter().find(|checkpoint| checkpoint.version > version && checkpoint.place == Place::Live) {
        return Err(OpenError::NewerTables { name: name.to_owned(), found: newer.version, known: version });
    }
    let build = 1 + own.iter().map(|checkpoint| checkpoint.build).max().unwrap_or(0);
    let of_this_log = |checkpoint: &Checkpoint| checkpoint.epoch == head.epoch && checkpoint.position <= head.position;
    let live = own.iter().find(|checkpoint| checkpoint.place == Place::Live);
    let Some(live) = live.filter(|live| of_this_log(live)) else {
        if !own.is_empty() {
            tracing::warn!(projection = name, "its rows are not from this log; it begins anew");
        }
        for checkpoint in own {
            checkpoint.delete(transaction).await?;
        }
        tables::begin_anew(transaction, engine, projection, build).await?;
        return Ok(Checkpoint::begin(name, build, version, head.epoch, Place::Live).store(transaction).await?);
    };
    let beside = own.iter().find(|checkpoint| checkpoint.place == Place::Beside);
    if let Some(beside) = beside {
        let goes_on = match beside.version.cmp(&version) {
            Ordering::Equal => of_this_log(beside),
            // A newer node builds it; until it is done, this one keeps what is live.
            Ordering::Greater => true,
            Ordering::Less => false,
        };
        if goes_on {
            return Ok(());
        }
        beside.delete(transaction).await?;
    }
    if live.version < version {
        tracing::info!(projection = name, from = live.version, to = version, "its version was raised; it is rebuilt");
        tables::create_beside(transaction, engine, projection, build).await?;
        Checkpoint::begin(name, build, version, head.epoch, Place::Beside).store(transaction).await?;
    }
    Ok(())
}
