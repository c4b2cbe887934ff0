//! What was begun and waits for its code.

use std::sync::Arc;

use campanile_events::{
    db::{Database, DbError, Engine, Table, migrate},
    ids::{KeyId, WorkspaceId},
    seal::{MasterKey, SealError},
};
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use crate::platforms::Credentials;

const OWNER: &str = "oauth_states";
const AAD: &[u8] = b"campanile.oauth_states.1";
/// How long one that expired can still be told from one that never was.
const TOLD_FOR: Duration = Duration::hours(1);
const TABLE: Table = Table {
    name: "oauth_states",
    columns: &["digest", "workspace_id", "key_id", "platform", "sealed", "expires_at"],
    key: 1,
};

/// Who begins: nobody else finishes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginner {
    /// The workspace that the account is for.
    pub workspace: WorkspaceId,
    /// The key that asked.
    pub key: KeyId,
}

/// What became of a state.
#[derive(Debug)]
pub(super) enum Taken {
    /// It was begun, and this was kept of it.
    Begun(Credentials),
    /// Its time is over.
    Expired,
    /// This key began no such thing, or has finished it.
    Unknown,
}

/// What waits.
#[derive(Debug)]
pub(super) struct States {
    db: Arc<dyn Database>,
    master: MasterKey,
}

impl States {
    pub(super) async fn open(db: Arc<dyn Database>, master: MasterKey) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, master })
    }

    /// Keeps what was begun, and drops what nobody can finish any more. `expires_at` is whole milliseconds.
    pub(super) async fn keep(
        &self,
        state: &str,
        beginner: Beginner,
        platform: &str,
        kept: &Credentials,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), SealError> {
        let digest = digest(state);
        let aad = aad(&digest, beginner, platform, expires_at);
        let sealed = self.master.wrap(&aad, kept.to_json().as_bytes());
        let row = vec![
            digest.into(),
            beginner.workspace.uuid().into(),
            beginner.key.uuid().into(),
            platform.into(),
            sealed.into(),
            expires_at.into(),
        ];
        let mut transaction = self.db.begin().await?;
        let forget = "delete from oauth_states where expires_at < $1";
        transaction.execute(forget, vec![(now - TOLD_FOR).into()]).await?;
        transaction.write_rows(&TABLE, TABLE.name, vec![row]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes it out, for who began it: of two at once, one gets it.
    pub(super) async fn take(
        &self,
        state: &str,
        beginner: Beginner,
        platform: &str,
        now: DateTime<Utc>,
    ) -> Result<Taken, SealError> {
        let digest = digest(state);
        let mut transaction = self.db.begin().await?;
        // In one statement: who looks first and deletes after it isn't alone.
        let take = "delete from oauth_states
            where digest = $1 and workspace_id = $2 and key_id = $3 and platform = $4 returning sealed, expires_at";
        let (workspace, key) = (beginner.workspace.uuid().into(), beginner.key.uuid().into());
        let rows = transaction.query(take, vec![digest.clone().into(), workspace, key, platform.into()]).await?;
        let Some(row) = rows.first() else { return Ok(Taken::Unknown) };
        let (sealed, expires_at) = (row.bytes("sealed")?, row.time("expires_at")?);
        transaction.commit().await?;
        if expires_at <= now {
            return Ok(Taken::Expired);
        }
        let text = self.master.unwrap(&aad(&digest, beginner, platform, expires_at), &sealed)?;
        let text = std::str::from_utf8(&text).map_err(|_| SealError::Malformed)?;
        Ok(Taken::Begun(Credentials::from_json(text.into())))
    }
}

/// A state has too many letters to be found again from this, and no key is needed.
fn digest(state: &str) -> Vec<u8> {
    Sha256::digest(state).to_vec()
}

/// All but the platform's name have a fixed width, and it stands last.
fn aad(digest: &[u8], beginner: Beginner, platform: &str, expires_at: DateTime<Utc>) -> Vec<u8> {
    let (workspace, key) = (beginner.workspace.uuid(), beginner.key.uuid());
    let until = expires_at.timestamp_millis().to_be_bytes();
    [AAD, digest, workspace.as_bytes(), key.as_bytes(), &until, platform.as_bytes()].concat()
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table oauth_states (
            digest blob primary key not null, workspace_id blob not null, key_id blob not null, platform text not null,
            sealed blob not null, expires_at text not null
        ) strict, without rowid;
        create index oauth_states_by_end on oauth_states (expires_at)"],
        Engine::Postgres => &["create table oauth_states (
            digest bytea primary key, workspace_id uuid not null, key_id uuid not null, platform text not null,
            sealed bytea not null, expires_at timestamptz not null
        );
        create index oauth_states_by_end on oauth_states (expires_at)"],
    }
}
