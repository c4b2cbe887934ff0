//! Where the key that signs the log's checkpoints is kept: wrapped, in one row.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::{MasterKey, SealError};
use crate::{
    db::{Database, DbError, Engine, migrate},
    merkle::checkpoint::{NoteName, SigningKey},
    random,
};

const OWNER: &str = "log_signing_key";
const WRAP_AAD: &[u8] = b"campanile.log_signing_key.1";

/// The store of the log's signing key.
#[derive(Debug)]
pub struct SigningKeys {
    db: Arc<dyn Database>,
    master: MasterKey,
}

impl SigningKeys {
    /// The store in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, master: MasterKey) -> Result<Self, SealError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, master })
    }

    /// The log's key. If there is none yet, one is made under `name`; a key that is there keeps the name it was made
    /// under, since others know it by that.
    pub async fn load_or_create(&self, name: &NoteName, now: DateTime<Utc>) -> Result<SigningKey, SealError> {
        if let Some(key) = self.load().await? {
            return Ok(key);
        }
        let key = SigningKey::from_bytes(name.clone(), &Zeroizing::new(random::bytes()));
        let wrapped = self.master.wrap(&aad(name.as_str()), key.secret_bytes().as_slice());
        self.db
            .execute(
                "insert into log_signing_key (id, name, wrapped, created_at) values (1, $1, $2, $3) \
                 on conflict (id) do nothing",
                vec![name.as_str().into(), wrapped.into(), now.into()],
            )
            .await?;
        // Another node's may have won.
        self.load()
            .await?
            .ok_or_else(|| DbError::Statement("the signing key that was stored isn't there".into()).into())
    }

    async fn load(&self) -> Result<Option<SigningKey>, SealError> {
        let rows = self.db.query("select name, wrapped from log_signing_key", vec![]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let name = row.text("name")?;
        let secret = self.master.unwrap_key(&aad(&name), &row.bytes("wrapped")?)?;
        let name = name.parse().map_err(|_| SealError::Malformed)?;
        Ok(Some(SigningKey::from_bytes(name, &secret)))
    }
}

fn aad(name: &str) -> Vec<u8> {
    [WRAP_AAD, name.as_bytes()].concat()
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table log_signing_key (
            id integer primary key check (id = 1), name text not null, wrapped blob not null, created_at text not null
        ) strict"],
        Engine::Postgres => &["create table log_signing_key (
            id bigint primary key check (id = 1), name text not null, wrapped bytea not null,
            created_at timestamptz not null
        )"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::engines::Databases;

    crate::on_every_engine!(a_log_has_one_key_for_good, neither_another_master_key_nor_another_name_opens_it);

    fn now() -> DateTime<Utc> {
        "2026-12-01T09:00:00Z".parse().unwrap()
    }

    async fn store(db: &Arc<dyn Database>, master: &MasterKey) -> SigningKeys {
        SigningKeys::open(Arc::clone(db), master.clone()).await.unwrap()
    }

    async fn a_log_has_one_key_for_good(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let master = MasterKey::generate();
        let name: NoteName = "campanile/0".parse().unwrap();
        let (here, there) = (store(&db, &master).await, store(&db, &master).await);
        let (first, second) = tokio::join!(here.load_or_create(&name, now()), there.load_or_create(&name, now()));
        let first = first.unwrap().verifying_key();
        assert_eq!(first, second.unwrap().verifying_key());
        assert_eq!(first.name(), &name);

        let later = here.load_or_create(&"campanile/1".parse().unwrap(), now()).await.unwrap();
        assert_eq!(later.verifying_key(), first);
    }

    async fn neither_another_master_key_nor_another_name_opens_it(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let master = MasterKey::generate();
        let name: NoteName = "campanile/0".parse().unwrap();
        store(&db, &master).await.load_or_create(&name, now()).await.unwrap();
        let refused = store(&db, &MasterKey::generate()).await.load_or_create(&name, now()).await.unwrap_err();
        assert!(matches!(refused, SealError::WrongMasterKey), "{refused}");

        db.execute("update log_signing_key set name = $1", vec!["campanile/1".into()]).await.unwrap();
        let refused = store(&db, &master).await.load_or_create(&name, now()).await.unwrap_err();
        assert!(matches!(refused, SealError::WrongMasterKey), "{refused}");
    }
}
