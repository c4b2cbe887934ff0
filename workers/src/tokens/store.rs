//! The table of credentials.

use std::sync::Arc;

use campanile_events::{
    clock::SharedClock,
    db::{Database, DbError, Engine, migrate},
    ids::{AccountId, WorkspaceId},
    random,
    seal::{DataKey, MasterKey, Open, SealError, Sealed},
};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::platforms::Credentials;

const SQLITE: &str = "create table platform_tokens (
    account_id blob primary key not null,
    workspace_id blob not null,
    wrapped_key blob not null,
    sealed text not null,
    updated_at text not null
) strict, without rowid";

const POSTGRES: &str = "create table platform_tokens (
    account_id uuid primary key,
    workspace_id uuid not null,
    wrapped_key bytea not null,
    sealed text not null,
    updated_at timestamptz not null
)";

const FIELD: &str = "platform.credentials";

/// Why credentials could not be stored or opened. Says nothing of them.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// The database did not do it.
    #[error(transparent)]
    Database(#[from] DbError),
    /// What is stored doesn't open: another master key, or a row that was moved or altered.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The accounts' credentials.
#[derive(Debug, Clone)]
pub struct Tokens {
    db: Arc<dyn Database>,
    master: MasterKey,
    clock: SharedClock,
}

impl Tokens {
    /// Opens the table.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn open(db: Arc<dyn Database>, master: MasterKey, clock: SharedClock) -> Result<Self, DbError> {
        let table = match db.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        migrate(db.as_ref(), "tokens", &[table]).await?;
        Ok(Self { db, master, clock })
    }

    /// Stores an account's credentials in place of those before. They are durable when this returns: who was given new
    /// ones may use them.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn store(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
        credentials: &Credentials,
    ) -> Result<(), TokenError> {
        let key = Zeroizing::new(random::bytes::<32>());
        let wrapped = self.master.wrap(&binding(workspace, account), key.as_slice());
        let sealed = DataKey::new(account.uuid(), key).seal(FIELD, &Open::new(credentials.to_json().as_str()));
        let sql = "insert into platform_tokens (account_id, workspace_id, wrapped_key, sealed, updated_at)
            values ($1, $2, $3, $4, $5)
            on conflict (account_id) do update set workspace_id = excluded.workspace_id,
                wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, updated_at = excluded.updated_at";
        let values = vec![
            account.uuid().into(),
            workspace.uuid().into(),
            wrapped.into(),
            sealed.as_str().into(),
            self.clock.now().into(),
        ];
        self.db.execute(sql, values).await?;
        Ok(())
    }

    /// An account's credentials, if there are any.
    ///
    /// # Errors
    /// If the database refuses, or what is stored doesn't open.
    pub async fn load(&self, workspace: WorkspaceId, account: AccountId) -> Result<Option<Credentials>, TokenError> {
        let sql = "select wrapped_key, sealed from platform_tokens where account_id = $1 and workspace_id = $2";
        let rows = self.db.query(sql, vec![account.uuid().into(), workspace.uuid().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let key = self.master.unwrap(&binding(workspace, account), &row.bytes("wrapped_key")?)?;
        let key = <[u8; 32]>::try_from(key.as_slice()).map_err(|_| SealError::Malformed)?;
        let key = DataKey::new(account.uuid(), Zeroizing::new(key));
        let open = key.open(FIELD, &Sealed::from_stored(row.text("sealed")?))?;
        Ok(Some(Credentials::from_json(SecretString::from(open.as_str()))))
    }

    /// Forgets an account's credentials.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn delete(&self, account: AccountId) -> Result<(), DbError> {
        let sql = "delete from platform_tokens where account_id = $1";
        self.db.execute(sql, vec![account.uuid().into()]).await.map(drop)
    }
}

/// What a wrapped key belongs to.
fn binding(workspace: WorkspaceId, account: AccountId) -> Vec<u8> {
    let mut bound = b"campanile platform token 1\0".to_vec();
    bound.extend_from_slice(workspace.uuid().as_bytes());
    bound.extend_from_slice(account.uuid().as_bytes());
    bound
}
