//! Where data keys are kept: wrapped, one row a scope.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use lru::LruCache;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{DataKey, MasterKey, SealError};
use crate::{
    db::{Database, Engine, migrate},
    random,
};

const OWNER: &str = "data_keys";
const WRAP_AAD: &[u8] = b"campanile.data_key.1";
/// Keys that stay open in memory.
const CACHED: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// The data keys of all scopes. A scope whose row is empty was erased, and never gets a key again.
#[derive(Debug)]
pub struct DataKeys {
    db: Arc<dyn Database>,
    master: MasterKey,
    cache: Mutex<Cache>,
}

#[derive(Debug)]
struct Cache {
    keys: LruCache<Uuid, Arc<DataKey>>,
    /// How often a key was forgotten. Who read a row before and comes back after must not bring it back.
    forgotten: u64,
}

impl DataKeys {
    /// The keys in `db`, whose table is made if need be.
    ///
    /// # Errors
    /// [`SealError::WrongMasterKey`] if there are keys that `master` doesn't open: better before the first new one is
    /// wrapped with it than at the first old one that is needed.
    pub async fn open(db: Arc<dyn Database>, master: MasterKey) -> Result<Self, SealError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        let rows = db.query("select scope, wrapped from data_keys where length(wrapped) > 0 limit 1", vec![]).await?;
        if let Some(row) = rows.first() {
            unwrap(&master, row.uuid("scope")?, &row.bytes("wrapped")?)?;
        }
        let cache = Mutex::new(Cache { keys: LruCache::new(CACHED), forgotten: 0 });
        Ok(Self { db, master, cache })
    }

    /// The key of `scope`, made if it has none. Of several that are made at once, one wins, and all answer with it.
    ///
    /// # Errors
    /// [`SealError::Erased`] if the scope was erased.
    pub async fn create(&self, scope: Uuid, now: DateTime<Utc>) -> Result<Arc<DataKey>, SealError> {
        let key = DataKey::new(scope, Zeroizing::new(random::bytes()));
        let wrapped = self.master.wrap(&aad(scope), key.bytes());
        self.db
            .execute(
                "insert into data_keys (scope, wrapped, created_at) values ($1, $2, $3) on conflict (scope) do nothing",
                vec![scope.into(), wrapped.into(), now.into()],
            )
            .await?;
        self.get(scope).await
    }

    /// The key of `scope`.
    ///
    /// # Errors
    /// [`SealError::Erased`] if it has none.
    pub async fn get(&self, scope: Uuid) -> Result<Arc<DataKey>, SealError> {
        let forgotten = {
            let mut cache = self.cache();
            if let Some(key) = cache.keys.get(&scope) {
                return Ok(Arc::clone(key));
            }
            cache.forgotten
        };
        let rows = self.db.query("select wrapped from data_keys where scope = $1", vec![scope.into()]).await?;
        let wrapped = rows.first().ok_or(SealError::Erased)?.bytes("wrapped")?;
        if wrapped.is_empty() {
            return Err(SealError::Erased);
        }
        let key = Arc::new(unwrap(&self.master, scope, &wrapped)?);
        let mut cache = self.cache();
        if cache.forgotten == forgotten {
            cache.keys.put(scope, Arc::clone(&key));
        }
        Ok(key)
    }

    /// Destroys the key of `scope` for good. What it sealed can't be opened from here on; done twice, it is done.
    pub async fn erase(&self, scope: Uuid) -> Result<(), SealError> {
        let erased = self
            .db
            .execute("update data_keys set wrapped = $2 where scope = $1", vec![scope.into(), Vec::<u8>::new().into()])
            .await;
        // Also if the answer was lost: the row may be empty by now.
        self.forget(scope);
        erased?;
        Ok(())
    }

    /// Takes the key of `scope` out of this process's memory; for who hears that another node has erased it.
    pub fn forget(&self, scope: Uuid) {
        let mut cache = self.cache();
        cache.forgotten += 1;
        cache.keys.pop(&scope);
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unwrap(master: &MasterKey, scope: Uuid, wrapped: &[u8]) -> Result<DataKey, SealError> {
    Ok(DataKey::new(scope, master.unwrap_key(&aad(scope), wrapped)?))
}

fn aad(scope: Uuid) -> Vec<u8> {
    [WRAP_AAD, scope.as_bytes()].concat()
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table data_keys (
            scope blob primary key not null, wrapped blob not null, created_at text not null
        ) strict, without rowid"],
        Engine::Postgres => &["create table data_keys (
            scope uuid primary key, wrapped bytea not null, created_at timestamptz not null
        )"],
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tokio::sync::Notify;

    use super::*;
    use crate::db::{DbError, Row, Sqlite, Transaction, Value, engines::Databases};

    const SCOPE: Uuid = Uuid::from_u128(1);

    crate::on_every_engine!(a_scope_keeps_its_first_key, an_erased_scope_stays_erased);

    fn now() -> DateTime<Utc> {
        "2026-12-01T09:00:00Z".parse().unwrap()
    }

    async fn keys(db: &Arc<dyn Database>, master: &MasterKey) -> Result<DataKeys, SealError> {
        DataKeys::open(Arc::clone(db), master.clone()).await
    }

    fn db() -> Arc<dyn Database> {
        Arc::new(Sqlite::open_in_memory().unwrap())
    }

    async fn a_scope_keeps_its_first_key(engine: Engine) {
        let (databases, master) = (Databases::of(engine), MasterKey::generate());
        let db = databases.open("a").await;
        let here = keys(&db, &master).await.unwrap();
        let there = keys(&db, &master).await.unwrap();
        assert!(matches!(here.get(SCOPE).await, Err(SealError::Erased)));

        let (first, second) = tokio::join!(here.create(SCOPE, now()), there.create(SCOPE, now()));
        let sealed = first.unwrap().seal("post.body", &"Guten Morgen".into());
        assert_eq!(second.unwrap().open("post.body", &sealed).unwrap().as_str(), "Guten Morgen");
        let later = keys(&db, &master).await.unwrap().get(SCOPE).await.unwrap();
        assert_eq!(later.open("post.body", &sealed).unwrap().as_str(), "Guten Morgen");
        assert_eq!(later.scope(), SCOPE);

        let other = here.create(Uuid::from_u128(2), now()).await.unwrap();
        assert_ne!(other.bytes(), later.bytes());
    }

    async fn an_erased_scope_stays_erased(engine: Engine) {
        let (databases, master) = (Databases::of(engine), MasterKey::generate());
        let db = databases.open("a").await;
        let here = keys(&db, &master).await.unwrap();
        let there = keys(&db, &master).await.unwrap();
        here.create(SCOPE, now()).await.unwrap();
        there.get(SCOPE).await.unwrap();

        here.erase(SCOPE).await.unwrap();
        here.erase(SCOPE).await.unwrap();
        assert!(matches!(here.get(SCOPE).await, Err(SealError::Erased)));
        assert!(matches!(here.create(SCOPE, now()).await, Err(SealError::Erased)));
        there.forget(SCOPE);
        assert!(matches!(there.get(SCOPE).await, Err(SealError::Erased)));

        let rows = db.query("select wrapped from data_keys", vec![]).await.unwrap();
        assert_eq!(rows[0].bytes("wrapped").unwrap(), Vec::<u8>::new());
        keys(&db, &MasterKey::generate()).await.expect("nothing is left that the key could fail to open");
    }

    /// Holds a key's row back after it was read, until it is let go.
    #[derive(Debug)]
    struct Slow {
        db: Arc<dyn Database>,
        read: Notify,
        go_on: Notify,
    }

    #[async_trait]
    impl Database for Slow {
        fn engine(&self) -> Engine {
            self.db.engine()
        }

        async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
            let rows = self.db.query(sql, values).await;
            if sql.contains("where scope") {
                self.read.notify_one();
                self.go_on.notified().await;
            }
            rows
        }

        async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
            self.db.execute(sql, values).await
        }

        async fn begin(&self) -> Result<Box<dyn Transaction>, DbError> {
            self.db.begin().await
        }
    }

    #[tokio::test]
    async fn a_slow_reader_does_not_bring_an_erased_key_back() {
        let (db, master) = (db(), MasterKey::generate());
        keys(&db, &master).await.unwrap().create(SCOPE, now()).await.unwrap();
        let slow = Arc::new(Slow { db, read: Notify::new(), go_on: Notify::new() });
        let keys = DataKeys::open(Arc::clone(&slow) as Arc<dyn Database>, master).await.unwrap();

        let (late, ()) = tokio::join!(keys.get(SCOPE), async {
            slow.read.notified().await;
            keys.erase(SCOPE).await.unwrap();
            slow.go_on.notify_one();
        });
        assert!(late.is_ok(), "it was read before it was erased");
        slow.go_on.notify_one();
        assert!(matches!(keys.get(SCOPE).await, Err(SealError::Erased)));
    }

    #[tokio::test]
    async fn another_master_key_is_told_at_the_start() {
        let (db, master) = (db(), MasterKey::generate());
        keys(&db, &master).await.unwrap().create(SCOPE, now()).await.unwrap();
        let refused = keys(&db, &MasterKey::generate()).await.unwrap_err();
        assert!(matches!(refused, SealError::WrongMasterKey), "{refused}");
    }

    #[tokio::test]
    async fn a_key_that_was_moved_to_another_scope_does_not_open() {
        let (db, master) = (db(), MasterKey::generate());
        let here = keys(&db, &master).await.unwrap();
        here.create(SCOPE, now()).await.unwrap();
        here.forget(SCOPE);
        db.execute("update data_keys set scope = $1", vec![Uuid::from_u128(2).into()]).await.unwrap();
        assert!(matches!(here.get(Uuid::from_u128(2)).await, Err(SealError::WrongMasterKey)));
    }

    #[tokio::test]
    async fn no_key_shows() {
        let master = MasterKey::from_hex(&"ab".repeat(32)).unwrap();
        let keys = keys(&db(), &master).await.unwrap();
        let key = keys.create(SCOPE, now()).await.unwrap();
        let shown = format!("{keys:?}");
        assert!(
            !shown.contains(&hex::encode(key.bytes())) && !shown.contains(&format!("{:?}", key.bytes())),
            "{shown}"
        );
        assert!(!shown.contains("abab") && !shown.contains("171, 171"), "{shown}");
    }
}
