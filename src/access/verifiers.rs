//! What is kept of secrets: keyed digests, beside the journal.

use std::{
    collections::BTreeMap,
    fmt::Write,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use campanile_events::{
    db::{Database, DbError, Engine, Value, migrate},
    ids::{KeyId, WorkspaceId},
    random,
};
use lru::LruCache;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    KeySecret,
    peppers::{Found, InUse, PepperError, PepperFile, Peppers},
    token::Pepper,
};

const OWNER: &str = "key_verifiers";
const CACHED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

mod retiring;

pub use retiring::Retirement;

/// The key that a secret belongs to. It never changes; whether the key still holds is the key's own affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The key.
    pub key_id: KeyId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
}

type Digest = [u8; 32];

/// The verifiers of all secrets. With the peppers elsewhere, the table alone doesn't let anybody try secrets out.
///
/// A key stands under the pepper that its verifier was made with until its secret is next used: then it moves to the newest
/// that is in use.
pub struct Verifiers {
    db: Arc<dyn Database>,
    file: PepperFile,
    in_use: InUse,
    held: RwLock<Arc<Held>>,
    /// Remembers secrets by a key of this process's own, whatever pepper their keys stand under.
    cache_key: Pepper,
    known: Mutex<LruCache<Digest, Holder>>,
}

/// The peppers that this process has, and how they stand.
#[derive(Debug, Clone, Default)]
struct Held {
    peppers: Peppers,
    found: Found,
    /// Why what the file says was not taken.
    trouble: Option<String>,
}

/// How a version of the pepper stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionShown {
    /// Its number.
    pub version: u64,
    /// Whether this process has it.
    pub is_here: bool,
    /// Whether new keys stand under it.
    pub is_newest: bool,
    /// Whether it waits for nodes that lack it.
    pub is_waiting: bool,
    /// The keys that stand under it.
    pub keys: Vec<KeyId>,
}

impl std::fmt::Debug for Verifiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifiers").finish_non_exhaustive()
    }
}

impl Verifiers {
    /// The verifiers in `db`, whose tables are made if need be. `node` is this process where others share them.
    ///
    /// # Errors
    /// If keys stand under a pepper that isn't there.
    pub async fn open(db: Arc<dyn Database>, file: PepperFile, node: Option<Uuid>) -> Result<Self, PepperError> {
        Self::make_tables(&db).await?;
        let in_use = InUse::open(Arc::clone(&db), node).await?;
        let peppers = file.read()?;
        let found = in_use.settle(&peppers).await?;
        in_use.check(&peppers, &found, &file).await?;
        let held = RwLock::new(Arc::new(Held { peppers, found, trouble: None }));
        let cache_key = Pepper::of_bytes(&random::bytes::<32>());
        Ok(Self { db, file, in_use, held, cache_key, known: Mutex::new(LruCache::new(CACHED)) })
    }

    /// Makes the tables.
    pub async fn make_tables(db: &Arc<dyn Database>) -> Result<(), DbError> {
        migrate(&**db, OWNER, migrations(db.engine())).await?;
        InUse::open(Arc::clone(db), None).await.map(drop)
    }

    /// Reads the peppers' file again, and takes into use what no node lacks. What can't be read stays as it was, and
    /// [`Self::standing`] says so.
    ///
    /// # Errors
    /// If the database doesn't answer.
    pub async fn look(&self) -> Result<(), DbError> {
        let before = self.held();
        let (peppers, trouble) = match self.file.read() {
            Err(error) => (before.peppers.clone(), Some(error.to_string())),
            Ok(read) => {
                let gone: Vec<_> = before.peppers.keys().filter(|version| !read.contains_key(version)).collect();
                let trouble = gone.first().map(|version| format!("{} has lost version {version}", self.file.place()));
                // What keys may stand under goes only with the process, which then says what it lacks.
                let mut peppers = before.peppers.clone();
                peppers.extend(read);
                (peppers, trouble)
            }
        };
        let mut found = self.in_use.settle(&peppers).await?;
        let (peppers, trouble) = match found.others.first() {
            // Another pepper under a number that keys stand under: those that this process had still open them.
            Some(version) if before.found.others.is_empty() => {
                let trouble = PepperError::another(*version, &self.file).to_string();
                found = self.in_use.settle(&before.peppers).await?;
                (before.peppers.clone(), Some(trouble))
            }
            _ => (peppers, trouble),
        };
        if before.found != found {
            tracing::info!(newest = found.newest, lacking = ?found.lacking, "the peppers of keys stand otherwise");
            // So that who is remembered moves to the newest, too.
            self.known().clear();
        }
        if let Some(trouble) = trouble.as_ref().filter(|it| before.trouble.as_ref() != Some(it)) {
            tracing::warn!("{trouble}");
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Held { peppers, found, trouble });
        Ok(())
    }

    /// Adds a pepper with the next number, and takes it into use unless other nodes lack it.
    ///
    /// # Errors
    /// If the file can't be written, or the database doesn't answer.
    pub async fn add_pepper(&self) -> Result<u64, PepperError> {
        let version = self.file.add()?;
        self.look().await?;
        Ok(version)
    }

    /// Takes this process out of those that are waited for.
    pub async fn leave(&self) -> Result<(), DbError> {
        self.in_use.leave().await
    }

    /// Where the peppers' file is, for a message.
    pub fn peppers_place(&self) -> String {
        self.file.place()
    }

    /// Whether every key can be told, and in words how the peppers stand.
    pub fn standing(&self) -> (bool, String) {
        let held = self.held();
        let list =
            |versions: &mut dyn Iterator<Item = &u64>| versions.map(u64::to_string).collect::<Vec<_>>().join(", ");
        let mut words = format!("version {} of {}", held.found.newest, list(&mut held.peppers.keys()));
        for (versions, what) in [
            (&held.found.lacking, "lacks what keys stand under: version"),
            (&held.found.others, "has another than keys stand under: version"),
            (&held.found.waiting, "waits for nodes that lack version"),
        ] {
            if !versions.is_empty() {
                write!(words, "; {what} {}", list(&mut versions.iter())).expect("a string takes every text");
            }
        }
        if let Some(trouble) = &held.trouble {
            write!(words, "; WARNING: {trouble}").expect("a string takes every text");
        }
        (held.found.lacking.is_empty() && held.found.others.is_empty(), words)
    }

    /// Every version that there is or keys stand under, the oldest first.
    ///
    /// # Errors
    /// If the database doesn't answer.
    pub async fn versions(&self) -> Result<Vec<VersionShown>, DbError> {
        let held = self.held();
        let mut keys: BTreeMap<u64, Vec<KeyId>> = held.peppers.keys().map(|version| (*version, Vec::new())).collect();
        keys.extend(held.found.lacking.iter().map(|version| (*version, Vec::new())));
        for row in self.db.query("select pepper, key_id from key_verifiers", vec![]).await? {
            keys.entry(row.number("pepper")?).or_default().push(row.uuid("key_id")?.into());
        }
        let shown = keys.into_iter().map(|(version, keys)| VersionShown {
            version,
            is_here: held.peppers.contains_key(&version),
            is_newest: held.found.newest == version,
            is_waiting: held.found.waiting.contains(&version),
            keys,
        });
        Ok(shown.collect())
    }

    /// Keeps the verifier of a secret. Until its key is in the journal, it opens nothing.
    pub async fn keep(&self, secret: &KeySecret, holder: Holder) -> Result<(), DbError> {
        let held = self.held();
        let Some(digest) = held.newest_digest(secret) else {
            return Err(DbError::Unavailable("no pepper is in use on this node".to_owned()));
        };
        let values = vec![
            digest.to_vec().into(),
            holder.key_id.uuid().into(),
            holder.workspace.uuid().into(),
            held.found.newest.into(),
        ];
        let insert = "insert into key_verifiers (verifier, key_id, workspace_id, pepper) values ($1, $2, $3, $4)";
        self.db.execute(insert, values).await.map(drop)
    }

    /// Drops the verifier of a key that came to nothing.
    pub async fn drop_key(&self, key: KeyId) -> Result<(), DbError> {
        self.db.execute("delete from key_verifiers where key_id = $1", vec![key.uuid().into()]).await.map(drop)
    }

    /// The key that the secret belongs to.
    ///
    /// # Errors
    /// [`PepperError::Lacking`] for one that none has here, where a pepper isn't here under which one may have it.
    pub async fn find(&self, secret: &KeySecret) -> Result<Option<Holder>, PepperError> {
        let remembered = self.cache_key.mac(secret.expose());
        if let Some(holder) = self.known().get(&remembered) {
            return Ok(Some(*holder));
        }
        let held = self.held();
        let digests: Vec<_> =
            held.peppers.iter().map(|(version, pepper)| (*version, pepper.mac(secret.expose()))).collect();
        let places: Vec<_> = (1..=digests.len()).map(|at| format!("${at}")).collect();
        let select = format!(
            "select verifier, key_id, workspace_id, pepper from key_verifiers where verifier in ({})",
            places.join(", ")
        );
        let values = digests.iter().map(|(_, digest)| digest.to_vec().into()).collect();
        for row in self.db.query(&select, values).await? {
            let (verifier, under) = (row.bytes("verifier")?, row.number("pepper")?);
            if !digests.iter().any(|(version, digest)| *version == under && bool::from(verifier.ct_eq(digest))) {
                continue;
            }
            let holder = Holder { key_id: row.uuid("key_id")?.into(), workspace: row.uuid("workspace_id")?.into() };
            self.renew(secret, &held, verifier, under).await;
            self.known().put(remembered, holder);
            return Ok(Some(holder));
        }
        match self.in_use.lacking(&held.peppers).await? {
            Some(version) => Err(PepperError::Lacking(version)),
            None => Ok(None),
        }
    }

    /// Moves a key to the newest pepper, now that its secret is at hand. What fails is tried with its next use.
    async fn renew(&self, secret: &KeySecret, held: &Held, verifier: Vec<u8>, under: u64) {
        let Some(digest) = held.newest_digest(secret).filter(|_| under < held.found.newest) else { return };
        let update = "update key_verifiers set verifier = $1, pepper = $2 where verifier = $3 and pepper = $4";
        let values: Vec<Value> = vec![digest.to_vec().into(), held.found.newest.into(), verifier.into(), under.into()];
        if let Err(error) = self.db.execute(update, values).await {
            tracing::warn!(%error, "a key stays under version {under} of the pepper until it is used again");
        }
    }

    /// The first pepper follows from the master key: it is always there.
    fn drop_pepper(&self, version: u64) {
        let mut held = Held::clone(&self.held());
        if version > 1 {
            held.peppers.remove(&version);
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Digest, Holder>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn newest_digest(&self, secret: &KeySecret) -> Option<Digest> {
        self.peppers.get(&self.found.newest).map(|pepper| pepper.mac(secret.expose()))
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
mod tests;
