//! Hashes of people's passwords (argon2id), beside the journal.

use std::sync::{Arc, LazyLock};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::PersonId,
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

const OWNER: &str = "password_hashes";
/// What NIST asks for at least.
const SHORTEST: usize = 8;
const LONGEST: usize = 1_024;
/// In bytes.
const DIGEST: usize = 32;

/// What Unicode calls spaces (Zs), but for the one of ASCII.
const UNUSUAL_SPACES: &[char] = &[
    '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}',
    '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}',
];

/// How many passwords are hashed at a time: each takes 19 MiB, and a core.
static HASHING: Semaphore = Semaphore::const_new(4);
/// What a password is held against where there is none: so that an unknown address takes as long as a known one.
static NOBODYS: LazyLock<Option<String>> =
    LazyLock::new(|| Some(Argon2::default().hash_password(&[0; 16]).ok()?.to_string()));

/// The passwords' hashes.
#[derive(Debug)]
pub struct Passwords {
    db: Arc<dyn Database>,
}

/// Why a password was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has from {SHORTEST} to {LONGEST} characters")]
    Length,
    /// It could not be hashed.
    #[error("the password can't be hashed: {0}")]
    Hash(String),
    /// It could not be stored.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Passwords {
    /// The hashes in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db })
    }

    /// Whether a password may be kept.
    ///
    /// # Errors
    /// If its length isn't one that is taken.
    pub fn check(password: &SecretString) -> Result<(), PasswordError> {
        let length = prepared(password).expose_secret().chars().count();
        if (SHORTEST..=LONGEST).contains(&length) { Ok(()) } else { Err(PasswordError::Length) }
    }

    /// Hashes a password; takes a good part of a second of one core.
    ///
    /// # Errors
    /// If its length isn't one that is taken.
    pub async fn hash(password: SecretString) -> Result<String, PasswordError> {
        Self::check(&password)?;
        let password = prepared(&password);
        let hash = move || {
            let hashed = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hashed.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
        };
        working(hash).await?
    }

    /// A digest of a request that shows a password, as costly to try passwords out on as a password's hash.
    pub async fn slow_digest(said: SecretString, salt: String) -> Result<Vec<u8>, PasswordError> {
        let digest = move || {
            let mut digest = vec![0; DIGEST];
            let made = Argon2::default().hash_password_into(
                said.expose_secret().as_bytes(),
                salt.as_bytes(),
                digest.as_mut_slice(),
            );
            made.map(|()| digest).map_err(|error| PasswordError::Hash(error.to_string()))
        };
        working(digest).await?
    }

    /// Since when a person has the password that they have.
    pub async fn changed_at(&self, person: PersonId) -> Result<Option<DateTime<Utc>>, PasswordError> {
        let select = "select changed_at from password_hashes where person_id = $1";
        let rows = self.db.query(select, vec![person.uuid().into()]).await?;
        Ok(rows.first().map(|row| row.time("changed_at")).transpose()?)
    }

    /// Whether this is the person's password; if so, since when. It takes as long for nobody, and for who has none.
    pub async fn verify(
        &self,
        person: Option<PersonId>,
        password: SecretString,
    ) -> Result<Option<DateTime<Utc>>, PasswordError> {
        // Nobody is a person that never had a password.
        let id = person.unwrap_or_default();
        let select = "select hash, changed_at from password_hashes where person_id = $1";
        let rows = self.db.query(select, vec![id.uuid().into()]).await?;
        let kept =
            rows.first().map(|row| Ok::<_, DbError>((row.text("hash")?, row.time("changed_at")?))).transpose()?;
        let (hash, since) = kept.map_or((None, None), |(hash, since)| (Some(hash), Some(since)));
        let too_long = password.expose_secret().chars().count() > LONGEST;
        let typed = if too_long { SecretString::from("") } else { password };
        let password = prepared(&typed);
        // Hashes of before were made of what was typed, as it came.
        let as_typed = (typed.expose_secret() != password.expose_secret()).then_some(typed);
        let check = move || {
            let hash = hash.as_deref().or(NOBODYS.as_deref()).unwrap_or_default();
            let hash = PasswordHash::new(hash).map_err(|error| PasswordError::Hash(error.to_string()))?;
            let fits =
                |it: &SecretString| Argon2::default().verify_password(it.expose_secret().as_bytes(), &hash).is_ok();
            Ok::<_, PasswordError>(fits(&password) || as_typed.as_ref().is_some_and(fits))
        };
        let is_right = working(check).await??;
        Ok(since.filter(|_| is_right && !too_long))
    }

    /// Whether a person has a password.
    pub async fn has(&self, person: PersonId) -> Result<bool, PasswordError> {
        let select = "select person_id from password_hashes where person_id = $1";
        Ok(!self.db.query(select, vec![person.uuid().into()]).await?.is_empty())
    }

    /// Drops the hash of a person who came to nothing.
    pub async fn drop_person(&self, person: PersonId) -> Result<(), PasswordError> {
        self.db.execute("delete from password_hashes where person_id = $1", vec![person.uuid().into()]).await?;
        Ok(())
    }

    /// Keeps a person's hash, in place of the one before.
    pub async fn keep(&self, person: PersonId, hash: String, now: DateTime<Utc>) -> Result<(), PasswordError> {
        let upsert = "insert into password_hashes (person_id, hash, changed_at) values ($1, $2, $3) \
                      on conflict (person_id) do update set hash = excluded.hash, changed_at = excluded.changed_at";
        self.db.execute(upsert, vec![person.uuid().into(), hash.into(), now.into()]).await?;
        Ok(())
    }
}

/// A password in the one form that is hashed, whatever system it was typed on: composed (NFC), every kind of space as the
/// one of the keyboard (RFC 8265, 4.2). Letters stay big or small.
fn prepared(password: &SecretString) -> SecretString {
    let space = |letter| if UNUSUAL_SPACES.contains(&letter) { ' ' } else { letter };
    password.expose_secret().chars().map(space).nfc().collect::<String>().into()
}

/// Does what takes a core for a while, beside everything else.
async fn working<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
    let _turn = HASHING.acquire().await.map_err(|error| PasswordError::Hash(error.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| PasswordError::Hash(error.to_string()))
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table password_hashes (
            person_id blob primary key not null, hash text not null, changed_at text not null
        ) strict, without rowid"],
        Engine::Postgres => &["create table password_hashes (
            person_id uuid primary key, hash text not null, changed_at timestamptz not null
        )"],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;
    use uuid::Uuid;

    use super::*;

    campanile_events::on_every_engine!(the_newest_hash_is_kept);

    async fn the_newest_hash_is_kept(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let passwords = Passwords::open(Arc::clone(&db)).await.expect("open");
        let now: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().expect("a time");
        for hash in ["first", "second"] {
            passwords.keep(Uuid::from_u128(1).into(), hash.to_owned(), now).await.expect("kept");
        }
        let rows = db.query("select person_id, hash, changed_at from password_hashes", vec![]).await.expect("read");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].text("hash").expect("text"), "second");
        assert_eq!(rows[0].time("changed_at").expect("a time"), now);
    }

    #[tokio::test]
    async fn a_password_fits_from_every_keyboard() {
        let databases = Databases::of(Engine::Sqlite);
        let passwords = Passwords::open(databases.open("a").await).await.expect("open");
        let (now, id) = (DateTime::<Utc>::UNIX_EPOCH, Uuid::from_u128(1).into());
        let fits = async |typed: &str| passwords.verify(Some(id), typed.into()).await.expect("verified").is_some();
        for kept in ["Zürich im\u{a0}Mai", "Zu\u{308}rich im Mai"] {
            let hash = Passwords::hash(kept.into()).await.expect("hashed");
            passwords.keep(id, hash, now).await.expect("kept");
            for typed in ["Zürich im Mai", "Zu\u{308}rich im Mai", "Zürich im\u{3000}Mai"] {
                assert!(fits(typed).await, "{kept:?} {typed:?}");
            }
            assert!(!fits("zürich im mai").await && !fits("Zurich im Mai").await);
        }
        // Eight as it was typed, and seven letters.
        assert!(matches!(Passwords::check(&"Zu\u{308}rich1".into()), Err(PasswordError::Length)));

        let before = Argon2::default().hash_password("Zu\u{308}rich im Mai".as_bytes()).expect("hashed").to_string();
        passwords.keep(id, before, now).await.expect("kept");
        assert!(fits("Zu\u{308}rich im Mai").await, "hashed as it was typed");
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id() {
        let hash = Passwords::hash("correct horse".into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(!hash.contains("horse"));
        assert!(matches!(Passwords::hash("short".into()).await, Err(PasswordError::Length)));
    }
}
