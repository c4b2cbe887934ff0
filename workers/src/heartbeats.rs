//! Who lives: one row a worker, written every so often. An attempt names its worker and lapses with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use campanile_events::{
    clock::{Moment, SharedClock},
    db::{Database, DbError, Engine, migrate},
    ids::WorkerId,
};

const SQLITE: &str = "create table worker_heartbeats (
    worker_id blob primary key not null,
    beat_at text not null
) strict, without rowid";

const POSTGRES: &str = "create table worker_heartbeats (
    worker_id uuid primary key,
    beat_at timestamptz not null
)";

/// The rows of the workers that live.
#[derive(Debug, Clone)]
pub struct Heartbeats {
    db: Arc<dyn Database>,
    clock: SharedClock,
    lease: Duration,
    /// When each worker of this process was last heard, at the latest.
    heard: Arc<Mutex<HashMap<WorkerId, Moment>>>,
}

impl Heartbeats {
    /// Opens the table. `sole_process`: no other process can have workers on it, so those that are still in it are dead.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn open(
        db: Arc<dyn Database>,
        clock: SharedClock,
        lease: Duration,
        sole_process: bool,
    ) -> Result<Self, DbError> {
        let table = match db.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        migrate(db.as_ref(), "heartbeats", &[table]).await?;
        if sole_process {
            db.execute("delete from worker_heartbeats", Vec::new()).await?;
        }
        Ok(Self { db, clock, lease, heard: Arc::default() })
    }

    /// The worker lives.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn beat(&self, worker: WorkerId) -> Result<(), DbError> {
        let sql = "insert into worker_heartbeats (worker_id, beat_at) values ($1, $2)
            on conflict (worker_id) do update set beat_at = excluded.beat_at";
        // From before it is written: its lease ends here first.
        let moment = Moment::now();
        self.db.execute(sql, vec![worker.uuid().into(), self.clock.now().into()]).await?;
        self.heard().insert(worker, moment);
        Ok(())
    }

    /// Until when a worker of this process keeps its lease, heard again or not; `None` if it never was. By its own
    /// count, in which the time that it was stopped for passes too.
    pub fn kept_until(&self, worker: WorkerId) -> Option<Moment> {
        self.heard().get(&worker).map(|heard| heard.after(self.lease))
    }

    fn heard(&self) -> MutexGuard<'_, HashMap<WorkerId, Moment>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker ends: what it left is free at once.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn end(&self, worker: WorkerId) -> Result<(), DbError> {
        self.heard().remove(&worker);
        let sql = "delete from worker_heartbeats where worker_id = $1";
        self.db.execute(sql, vec![worker.uuid().into()]).await.map(drop)
    }

    /// Whether the worker was heard within its lease.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn lives(&self, worker: WorkerId) -> Result<bool, DbError> {
        let sql = "select beat_at from worker_heartbeats where worker_id = $1";
        let rows = self.db.query(sql, vec![worker.uuid().into()]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let silent = self.clock.now() - row.time("beat_at")?;
        Ok(silent <= chrono::Duration::from_std(self.lease).unwrap_or(chrono::Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::{clock::ManualClock, db::engines::Databases};
    use uuid::Uuid;

    use super::*;

    campanile_events::on_every_engine!(a_worker_lives_until_it_is_silent_or_ends);

    async fn a_worker_lives_until_it_is_silent_or_ends(engine: Engine) {
        let clock = ManualClock::starting_at("2026-12-01T09:00:00Z".parse().expect("a time"));
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let lease = Duration::from_secs(60);
        let beats = Heartbeats::open(Arc::clone(&db), clock.clone(), lease, true).await.expect("opened");
        let worker = WorkerId::from_uuid(Uuid::from_u128(1));
        assert!(!beats.lives(worker).await.expect("read"), "never heard");
        beats.beat(worker).await.expect("written");
        clock.advance(chrono::Duration::seconds(60));
        assert!(beats.lives(worker).await.expect("read"), "heard within its lease");
        clock.advance(chrono::Duration::seconds(1));
        assert!(!beats.lives(worker).await.expect("read"), "silent for longer");
        assert_eq!(beats.kept_until(WorkerId::from_uuid(Uuid::from_u128(2))), None, "never heard");
        let before = Moment::now();
        beats.beat(worker).await.expect("written");
        let until = beats.kept_until(worker).expect("heard");
        assert!(until >= before.after(lease) && until < Moment::now().after(lease), "some of it is over");
        let shared = Heartbeats::open(Arc::clone(&db), clock.clone(), lease, false).await.expect("opened");
        assert!(shared.lives(worker).await.expect("read"), "another process's worker lives on");
        let restarted = Heartbeats::open(db, clock.clone(), lease, true).await.expect("opened");
        assert!(!restarted.lives(worker).await.expect("read"), "nobody survives the only process");
    }
}
