//! What is kept of secrets: keyed digests, beside the journal.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::{KeyId, WorkspaceId},
    seal::MasterKey,
};
use hmac::{Hmac, KeyInit, Mac};
use lru::LruCache;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::KeySecret;

const OWNER: &str = "key_verifiers";
/// The pepper that new verifiers are made with. Which one made it stands with each, so that a next one, of another name, can follow.
const PEPPER: (u32, &str) = (1, "key-verifiers");
const CACHED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// The key that a secret belongs to. It never changes; whether the key still holds is the key's own affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The key.
    pub key_id: KeyId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
}

type Digest = [u8; 32];

/// The verifiers of all secrets.
pub struct Verifiers {
    db: Arc<dyn Database>,
    /// With the master key elsewhere, the table alone doesn't let anybody try secrets out.
    pepper: Hmac<Sha256>,
    known: Mutex<LruCache<Digest, Holder>>,
}

impl std::fmt::Debug for Verifiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifiers").finish_non_exhaustive()
    }
}

impl Verifiers {
    /// The verifiers in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, master: &MasterKey) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        let pepper = Hmac::new_from_slice(master.derive(PEPPER.1).as_slice()).expect("HMAC takes keys of any length");
        Ok(Self { db, pepper, known: Mutex::new(LruCache::new(CACHED)) })
    }

    /// Keeps the verifier of a secret. Until its key is in the journal, it opens nothing.
    pub async fn keep(&self, secret: &KeySecret, holder: Holder) -> Result<(), DbError> {
        let digest = self.digest(secret);
        let values = vec![digest.to_vec().into(), holder.key_id.uuid().into(), holder.workspace.uuid().into()];
        let values = [values, vec![PEPPER.0.into()]].concat();
        let insert = "insert into key_verifiers (verifier, key_id, workspace_id, pepper) values ($1, $2, $3, $4)";
        self.db.execute(insert, values).await.map(drop)
    }

    /// Drops the verifier of a key that came to nothing.
    pub async fn drop_key(&self, key: KeyId) -> Result<(), DbError> {
        self.db.execute("delete from key_verifiers where key_id = $1", vec![key.uuid().into()]).await.map(drop)
    }

    /// The key that the secret belongs to.
    pub async fn find(&self, secret: &KeySecret) -> Result<Option<Holder>, DbError> {
        let digest = self.digest(secret);
        if let Some(holder) = self.known().get(&digest) {
            return Ok(Some(*holder));
        }
        let select = "select verifier, key_id, workspace_id from key_verifiers where verifier = $1 and pepper = $2";
        let rows = self.db.query(select, vec![digest.to_vec().into(), PEPPER.0.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if !bool::from(row.bytes("verifier")?.ct_eq(&digest)) {
            return Ok(None);
        }
        let holder = Holder { key_id: row.uuid("key_id")?.into(), workspace: row.uuid("workspace_id")?.into() };
        self.known().put(digest, holder);
        Ok(Some(holder))
    }

    fn digest(&self, secret: &KeySecret) -> Digest {
        let mut mac = self.pepper.clone();
        mac.update(secret.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Digest, Holder>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "create table key_verifiers (
            verifier blob primary key not null, key_id blob not null, workspace_id blob not null
        ) strict, without rowid;
        create index key_verifiers_by_key on key_verifiers (key_id)",
            PEPPERED,
        ],
        Engine::Postgres => &[
            "create table key_verifiers (
            verifier bytea primary key, key_id uuid not null, workspace_id uuid not null
        );
        create index key_verifiers_by_key on key_verifiers (key_id)",
            PEPPERED,
        ],
    }
}

/// All verifiers before it were made with the first pepper.
const PEPPERED: &str = "alter table key_verifiers add column pepper integer not null default 1";

#[cfg(test)]
mod tests {
    use campanile_events::{db::engines::Databases, key::KeyMode};
    use uuid::Uuid;

    use super::*;

    campanile_events::on_every_engine!(a_secret_finds_its_key_and_no_other_does);

    async fn a_secret_finds_its_key_and_no_other_does(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let master = MasterKey::generate();
        let verifiers = Verifiers::open(Arc::clone(&db), &master).await.expect("open");
        let holder = Holder { key_id: Uuid::from_u128(1).into(), workspace: Uuid::from_u128(2).into() };
        let (own, other) = (KeySecret::generate(KeyMode::Live), KeySecret::generate(KeyMode::Live));
        verifiers.keep(&own, holder).await.expect("kept");
        let again = Verifiers::open(Arc::clone(&db), &master).await.expect("open");
        for verifiers in [&verifiers, &again, &again] {
            assert_eq!(verifiers.find(&own).await.expect("read"), Some(holder));
            assert_eq!(verifiers.find(&other).await.expect("read"), None);
        }
        let foreign = Verifiers::open(db, &MasterKey::generate()).await.expect("open");
        assert_eq!(foreign.find(&own).await.expect("read"), None);
    }
}
