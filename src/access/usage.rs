//! When keys were last used: noted in memory, written in batches, since a write for each request would cost more than the
//! request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::KeyId,
};
use chrono::{DateTime, Utc};

const OWNER: &str = "key_usage";

/// When each key was last used.
#[derive(Debug)]
pub struct Usage {
    db: Arc<dyn Database>,
    /// What isn't written yet.
    fresh: Mutex<HashMap<KeyId, DateTime<Utc>>>,
}

impl Usage {
    /// The times in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, fresh: Mutex::default() })
    }

    /// Notes that a key was used.
    pub fn note(&self, key: KeyId, now: DateTime<Utc>) {
        self.fresh().insert(key, now);
    }

    /// When these keys were last used; who never was is absent.
    pub async fn of(&self, keys: &[KeyId]) -> Result<HashMap<KeyId, DateTime<Utc>>, DbError> {
        let mut found = HashMap::new();
        for key in keys {
            let fresh = self.fresh().get(key).copied();
            let at = match fresh {
                Some(at) => Some(at),
                None => self.stored(*key).await?,
            };
            found.extend(at.map(|at| (*key, at)));
        }
        Ok(found)
    }

    /// Writes what was noted since the last time.
    pub async fn write(&self) -> Result<(), DbError> {
        let noted: Vec<_> = self.fresh().iter().map(|(key, at)| (*key, *at)).collect();
        if noted.is_empty() {
            return Ok(());
        }
        let mut transaction = self.db.begin().await?;
        for (key, at) in &noted {
            let upsert = "insert into key_usage (key_id, last_used_at) values ($1, $2) \
                          on conflict (key_id) do update set last_used_at = excluded.last_used_at";
            transaction.execute(upsert, vec![key.uuid().into(), (*at).into()]).await?;
        }
        transaction.commit().await?;
        let mut fresh = self.fresh();
        for (key, at) in noted {
            // One that was used again meanwhile is written the next time.
            if fresh.get(&key) == Some(&at) {
                fresh.remove(&key);
            }
        }
        Ok(())
    }

    async fn stored(&self, key: KeyId) -> Result<Option<DateTime<Utc>>, DbError> {
        let select = "select last_used_at from key_usage where key_id = $1";
        let rows = self.db.query(select, vec![key.uuid().into()]).await?;
        rows.first().map(|row| row.time("last_used_at")).transpose()
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<KeyId, DateTime<Utc>>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table key_usage (
            key_id blob primary key not null, last_used_at text not null
        ) strict, without rowid"],
        Engine::Postgres => &["create table key_usage (key_id uuid primary key, last_used_at timestamptz not null)"],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;
    use uuid::Uuid;

    use super::*;

    campanile_events::on_every_engine!(the_last_use_is_known_before_and_after_it_is_written);

    async fn the_last_use_is_known_before_and_after_it_is_written(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let usage = Usage::open(Arc::clone(&db)).await.expect("open");
        let (used, unused) = (KeyId::from(Uuid::from_u128(1)), KeyId::from(Uuid::from_u128(2)));
        let at: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().expect("a time");
        usage.note(used, at);
        assert_eq!(usage.of(&[used, unused]).await.expect("read"), HashMap::from([(used, at)]));
        usage.write().await.expect("written");
        assert!(usage.fresh().is_empty());
        let again = Usage::open(db).await.expect("open");
        assert_eq!(again.of(&[used, unused]).await.expect("read"), HashMap::from([(used, at)]));
    }
}
