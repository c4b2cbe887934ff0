//! What platforms' servers know this engine by: one app for each server and address that its page leads back to.

use std::sync::Arc;

use async_trait::async_trait;
use campanile_events::{
    db::{Database, DbError, Engine, Table, migrate},
    seal::{DataKey, MasterKey, SealError},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platforms::{AppKeeper, Credentials, NotKept};

const OWNER: &str = "oauth_apps";
const AAD: &[u8] = b"campanile.oauth_apps.1";
const PURPOSE: &str = "oauth-apps";
const TABLE: Table = Table { name: "oauth_apps", columns: &["place", "sealed", "updated_at"], key: 1 };

/// The apps of all servers. They are the engine's own, not a workspace's.
#[derive(Debug)]
pub(super) struct Apps {
    db: Arc<dyn Database>,
    master: MasterKey,
}

/// Those of one platform and one address to lead back to.
pub(super) struct AppsOf<'a> {
    apps: &'a Apps,
    platform: &'a str,
    redirect_uri: &'a str,
    now: DateTime<Utc>,
}

impl Apps {
    pub(super) async fn open(db: Arc<dyn Database>, master: MasterKey) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, master })
    }

    pub(super) const fn of<'a>(&'a self, platform: &'a str, redirect_uri: &'a str, now: DateTime<Utc>) -> AppsOf<'a> {
        AppsOf { apps: self, platform, redirect_uri, now }
    }

    async fn load(&self, place: &str) -> Result<Option<Credentials>, SealError> {
        let rows = self.db.query("select sealed from oauth_apps where place = $1", vec![place.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let text = self.master.unwrap(&aad(place), &row.bytes("sealed")?)?;
        let text = std::str::from_utf8(&text).map_err(|_| SealError::Malformed)?;
        Ok(Some(Credentials::from_json(text.into())))
    }

    async fn store(&self, place: &str, app: &Credentials, now: DateTime<Utc>) -> Result<(), DbError> {
        let sealed = self.master.wrap(&aad(place), app.to_json().as_bytes());
        let mut transaction = self.db.begin().await?;
        transaction.write_rows(&TABLE, TABLE.name, vec![vec![place.into(), sealed.into(), now.into()]]).await?;
        transaction.commit().await
    }
}

impl AppsOf<'_> {
    /// A keyed digest: where a client's pages stand is its own affair.
    fn place(&self, server: &str) -> String {
        let key = DataKey::new(Uuid::nil(), self.apps.master.derive(PURPOSE));
        // None of the three can hold the letter between them.
        key.digest(PURPOSE, [self.platform, server, self.redirect_uri].join("\0").as_bytes())
    }
}

#[async_trait]
impl AppKeeper for AppsOf<'_> {
    async fn get(&self, server: &str) -> Result<Option<Credentials>, NotKept> {
        self.apps.load(&self.place(server)).await.map_err(|error| not_kept(&error))
    }

    async fn keep(&self, server: &str, app: &Credentials) -> Result<(), NotKept> {
        self.apps.store(&self.place(server), app, self.now).await.map_err(|error| not_kept(&error))
    }
}

fn not_kept(error: &dyn std::error::Error) -> NotKept {
    tracing::warn!(%error, "what a platform's server knows this engine by could not be read or kept");
    NotKept
}

fn aad(place: &str) -> Vec<u8> {
    [AAD, place.as_bytes()].concat()
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table oauth_apps (
            place text primary key not null, sealed blob not null, updated_at text not null
        ) strict, without rowid"],
        Engine::Postgres => &["create table oauth_apps (
            place text primary key, sealed bytea not null, updated_at timestamptz not null
        )"],
    }
}
