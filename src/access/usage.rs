//! When and from where keys were last used: noted in memory, written in batches, since a write for each request would
//! cost more than the request. Addresses are sealed before they are written.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::{
    db::{Database, DbError, Engine, Table, Value, migrate},
    ids::{KeyId, WorkspaceId},
    seal::{DataKeys, Open, SealError, Sealed, fields},
};
use chrono::{DateTime, Utc};

use super::Holder;

const OWNER: &str = "key_usage";
static TABLE: Table = Table { name: "key_usage", columns: &["key_id", "last_used_at", "last_used_from"], key: 1 };

/// A key's last use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// When.
    pub at: DateTime<Utc>,
    /// From where, where that could be told.
    pub from: Option<IpAddr>,
}

/// The keys' last uses.
#[derive(Debug)]
pub struct Usage {
    db: Arc<dyn Database>,
    data_keys: Arc<DataKeys>,
    /// What isn't written yet.
    fresh: Mutex<HashMap<KeyId, (WorkspaceId, Used)>>,
}

impl Usage {
    /// The uses in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, data_keys: Arc<DataKeys>) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, data_keys, fresh: Mutex::default() })
    }

    /// Notes that a key was used.
    pub fn note(&self, holder: Holder, at: DateTime<Utc>, from: Option<IpAddr>) {
        self.fresh().insert(holder.key_id, (holder.workspace, Used { at, from }));
    }

    /// When these keys of a workspace were last used; who never was is absent.
    pub async fn of(&self, workspace: WorkspaceId, keys: &[KeyId]) -> Result<HashMap<KeyId, Used>, SealError> {
        let mut found = HashMap::new();
        for key in keys {
            let fresh = self.fresh().get(key).map(|(_, used)| *used);
            let used = match fresh {
                Some(used) => Some(used),
                None => self.stored(workspace, *key).await?,
            };
            found.extend(used.map(|used| (*key, used)));
        }
        Ok(found)
    }

    /// Writes what was noted since the last time.
    pub async fn write(&self) -> Result<(), SealError> {
        let noted: Vec<_> = self.fresh().iter().map(|(key, noted)| (*key, *noted)).collect();
        if noted.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(noted.len());
        for (key, (workspace, used)) in &noted {
            let from = match used.from {
                Some(from) => {
                    let data_key = self.data_keys.get(workspace.uuid()).await?;
                    let sealed = data_key.seal(fields::KEY_LAST_USED_FROM, &Open::new(from.to_string()));
                    Value::from(sealed.as_str())
                }
                None => Value::Null,
            };
            rows.push(vec![key.uuid().into(), used.at.into(), from]);
        }
        let mut transaction = self.db.begin().await?;
        transaction.write_rows(&TABLE, TABLE.name, rows).await?;
        transaction.commit().await?;
        let mut fresh = self.fresh();
        for (key, noted) in noted {
            // One that was used again meanwhile is written the next time.
            if fresh.get(&key) == Some(&noted) {
                fresh.remove(&key);
            }
        }
        Ok(())
    }

    async fn stored(&self, workspace: WorkspaceId, key: KeyId) -> Result<Option<Used>, SealError> {
        let select = "select last_used_at, last_used_from from key_usage where key_id = $1";
        let rows = self.db.query(select, vec![key.uuid().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let from = match row.optional_text("last_used_from")? {
            Some(sealed) => {
                let data_key = self.data_keys.get(workspace.uuid()).await?;
                let from = data_key.open(fields::KEY_LAST_USED_FROM, &Sealed::from_stored(sealed))?;
                from.as_str().parse().ok()
            }
            None => None,
        };
        Ok(Some(Used { at: row.time("last_used_at")?, from }))
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<KeyId, (WorkspaceId, Used)>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "create table key_usage (
                key_id blob primary key not null, last_used_at text not null
            ) strict, without rowid",
            "alter table key_usage add column last_used_from text",
        ],
        Engine::Postgres => &[
            "create table key_usage (key_id uuid primary key, last_used_at timestamptz not null)",
            "alter table key_usage add column last_used_from text",
        ],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::{db::engines::Databases, seal::MasterKey};
    use uuid::Uuid;

    use super::*;

    campanile_events::on_every_engine!(the_last_use_is_known_before_and_after_it_is_written);

    async fn the_last_use_is_known_before_and_after_it_is_written(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let data_keys = DataKeys::open(Arc::clone(&db), MasterKey::generate()).await.expect("open");
        let data_keys = Arc::new(data_keys);
        let workspace = WorkspaceId::from(Uuid::from_u128(7));
        let at: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().expect("a time");
        data_keys.create(workspace.uuid(), at).await.expect("a data key");
        let usage = Usage::open(Arc::clone(&db), Arc::clone(&data_keys)).await.expect("open");
        let keys = [1, 2, 3].map(|number| KeyId::from(Uuid::from_u128(number)));
        let from = "203.0.113.7".parse().ok();
        usage.note(Holder { key_id: keys[0], workspace }, at, from);
        usage.note(Holder { key_id: keys[1], workspace }, at, None);
        let expected = HashMap::from([(keys[0], Used { at, from }), (keys[1], Used { at, from: None })]);
        assert_eq!(usage.of(workspace, &keys).await.expect("read"), expected);
        usage.write().await.expect("written");
        assert!(usage.fresh().is_empty());
        let again = Usage::open(Arc::clone(&db), data_keys).await.expect("open");
        assert_eq!(again.of(workspace, &keys).await.expect("read"), expected);
        let stored = db.query("select last_used_from from key_usage", vec![]).await.expect("read");
        let texts: Vec<_> =
            stored.iter().filter_map(|row| row.optional_text("last_used_from").expect("text")).collect();
        assert!(texts.len() == 1 && texts[0].starts_with("s1.") && !texts[0].contains("203.0"), "{texts:?}");
    }
}
