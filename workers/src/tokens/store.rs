//! The table and its rows.

use std::{collections::HashMap, sync::Arc};

use campanile_events::{
    db::{Batcher, Database, DbError, Engine, Row, Table, migrate},
    ids::{AccountId, WorkspaceId},
    random,
    seal::{DataKey, MasterKey, Open, SealError, Sealed},
};
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::keeper::Locks;
use crate::{leases::Leases, platforms::Credentials};

const OWNER: &str = "platform_tokens";
const WRAP_AAD: &[u8] = b"campanile.platform_tokens.1";
/// The one field there is; a platform that keeps a second secret apart gets another.
const FIELD: &str = "credentials";
const TABLE: Table =
    Table { name: "platform_tokens", columns: &["account_id", "field", "wrapped_key", "sealed", "updated_at"], key: 2 };

/// The credentials of all accounts.
#[derive(Debug)]
pub struct Tokens {
    db: Arc<dyn Database>,
    master: MasterKey,
    pub(super) locks: Locks,
    together: Batcher<AccountId, Result<Option<Stored>, DbError>>,
}

/// Credentials as they are kept, and what tells them from those before and after.
pub(super) struct Kept {
    pub credentials: Credentials,
    version: Vec<u8>,
}

/// A row of the table.
#[derive(Clone)]
struct Stored {
    wrapped: Vec<u8>,
    sealed: Sealed,
}

impl Stored {
    fn of(row: &Row) -> Result<Self, DbError> {
        Ok(Self { wrapped: row.bytes("wrapped_key")?, sealed: Sealed::from_stored(row.text("sealed")?) })
    }
}

impl Tokens {
    /// The credentials in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, master: MasterKey) -> Result<Self, SealError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        let (leases, together) = match db.engine() {
            Engine::Sqlite => (None, Batcher::default()),
            Engine::Postgres => (Some(Leases::open(Arc::clone(&db)).await?), Batcher::default().gathering()),
        };
        Ok(Self { db, master, locks: Locks::new(leases), together })
    }

    /// Keeps an account's credentials in place of those before. Waits while those are being renewed.
    pub async fn store(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<(), SealError> {
        let _lock = self.locks.lock(account).await?;
        let (wrapped, sealed) = self.seal(workspace, account, credentials);
        let mut transaction = self.db.begin().await?;
        let row = vec![account.uuid().into(), FIELD.into(), wrapped.into(), sealed.as_str().into(), now.into()];
        transaction.write_rows(&TABLE, TABLE.name, vec![row]).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps new credentials in place of `old`, if those are still what is kept.
    pub(super) async fn replace(
        &self,
        workspace: WorkspaceId,
        account: AccountId,
        old: &Kept,
        new: Credentials,
        now: DateTime<Utc>,
    ) -> Result<Kept, SealError> {
        let (wrapped, sealed) = self.seal(workspace, account, &new);
        let sql = "update platform_tokens set wrapped_key = $3, sealed = $4, updated_at = $5
            where account_id = $1 and field = $2 and wrapped_key = $6";
        let version = wrapped.clone();
        let values = vec![
            account.uuid().into(),
            FIELD.into(),
            wrapped.into(),
            sealed.as_str().into(),
            now.into(),
            old.version.clone().into(),
        ];
        let mut transaction = self.db.begin().await?;
        if transaction.execute(sql, values).await? == 0 {
            return Err(DbError::Unavailable("others were given or deleted meanwhile".to_owned()).into());
        }
        transaction.commit().await?;
        Ok(Kept { credentials: new, version })
    }

    /// The wrapped key and what is sealed with it. A key of its own for each text: an old row with a new key, or the
    /// other way round, opens nothing, and each wrapped key names one version of the credentials.
    fn seal(&self, workspace: WorkspaceId, account: AccountId, credentials: &Credentials) -> (Vec<u8>, Sealed) {
        let secret = Zeroizing::new(random::bytes::<32>());
        let wrapped = self.master.wrap(&wrap_aad(workspace, account), secret.as_slice());
        let text = Open::new(credentials.to_json().as_str());
        (wrapped, DataKey::new(account.uuid(), secret).seal(&place(workspace), &text))
    }

    /// An account's credentials, if any are kept.
    ///
    /// # Errors
    /// [`SealError::Mismatch`] if the row is another account's or workspace's, was changed, or the master key is another.
    pub async fn load(&self, workspace: WorkspaceId, account: AccountId) -> Result<Option<Credentials>, SealError> {
        Ok(self.read(workspace, account).await?.map(|kept| kept.credentials))
    }

    /// The same, with the version that it is.
    pub(super) async fn read(&self, workspace: WorkspaceId, account: AccountId) -> Result<Option<Kept>, SealError> {
        let Some(row) = self.together.ask(account, |accounts| self.rows(accounts)).await? else { return Ok(None) };
        let version = row.wrapped;
        let secret = self.master.unwrap(&wrap_aad(workspace, account), &version)?;
        let secret = Zeroizing::new(secret.as_slice().try_into().map_err(|_| SealError::Malformed)?);
        let text = DataKey::new(account.uuid(), secret).open(&place(workspace), &row.sealed)?;
        Ok(Some(Kept { credentials: Credentials::from_json(text.as_str().into()), version }))
    }

    /// What is stored of each of these accounts: many of them fall due at the same time.
    async fn rows(&self, accounts: Vec<AccountId>) -> Vec<Result<Option<Stored>, DbError>> {
        let many = accounts.len();
        // So that there are few statements to prepare, the last one fills them up.
        let filled = many.next_power_of_two();
        let ids = accounts.iter().chain(std::iter::repeat_n(&accounts[many - 1], filled - many));
        let values = std::iter::once(FIELD.into()).chain(ids.map(|account| account.uuid().into())).collect();
        let places: Vec<_> = (2..filled + 2).map(|place| format!("${place}")).collect();
        let select = format!(
            "select account_id, wrapped_key, sealed from platform_tokens where field = $1 and account_id in ({})",
            places.join(", ")
        );
        let read = async {
            let rows = self.db.query(&select, values).await?;
            rows.iter()
                .map(|row| Ok((row.uuid("account_id")?, Stored::of(row))))
                .collect::<Result<HashMap<_, _>, DbError>>()
        };
        match read.await {
            Ok(stored) => accounts.iter().map(|account| stored.get(&account.uuid()).cloned().transpose()).collect(),
            Err(error) => vec![Err(error); many],
        }
    }

    /// Forgets an account's credentials; done twice, it is done. Waits while they are being renewed.
    pub async fn delete(&self, account: AccountId) -> Result<(), SealError> {
        let _lock = self.locks.lock(account).await?;
        self.db.execute("delete from platform_tokens where account_id = $1", vec![account.uuid().into()]).await?;
        Ok(())
    }
}

/// The ids have a fixed width and the field stands last, so no two places share their bytes.
fn wrap_aad(workspace: WorkspaceId, account: AccountId) -> Vec<u8> {
    [WRAP_AAD, workspace.uuid().as_bytes(), account.uuid().as_bytes(), FIELD.as_bytes()].concat()
}

/// The account is the key's scope; workspace and field are named here.
fn place(workspace: WorkspaceId) -> String {
    format!("platform_tokens.{}.{FIELD}", workspace.uuid())
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table platform_tokens (
            account_id blob not null, field text not null, wrapped_key blob not null, sealed text not null,
            updated_at text not null, primary key (account_id, field)
        ) strict, without rowid"],
        Engine::Postgres => &["create table platform_tokens (
            account_id uuid not null, field text not null, wrapped_key bytea not null, sealed text not null,
            updated_at timestamptz not null, primary key (account_id, field)
        )"],
    }
}
