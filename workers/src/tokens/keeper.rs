//! One writer per account: who renews its credentials, who gives new ones and who deletes them wait for each other.
//!
//! In one process by a lock; where several share a database, who has the lock also takes a lease on the account. Should
//! it lose that (it was stopped for long), what it brings is kept only if the credentials are still those that it set out
//! from: they were spent for it, and nobody has given others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use campanile_events::{
    clock::{Moment, SharedClock},
    db::DbError,
    ids::{AccountId, WorkspaceId},
    sabotage::{CrashPoint, crash_at},
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;

use super::{Tokens, store::Kept};
use crate::{
    leases::{Asked, Leases},
    platforms::{CredentialKeeper, Credentials, NotKept, Renewal},
};

/// How long an account stays with a process that doesn't come back: longer than any request to a platform takes.
const LEASE: Duration = Duration::from_secs(60);
/// How often to ask for what another process has.
const LOOK: Duration = Duration::from_millis(50);

/// A lock for each account that somebody waits for.
#[derive(Debug)]
pub(super) struct Locks {
    held: Mutex<HashMap<AccountId, Weak<AsyncMutex<()>>>>,
    /// Between processes; `None` where there is one only.
    leases: Option<Leases>,
    /// Who this process is to the others.
    holder: Uuid,
}

/// An account held against all other writers, until this is dropped.
pub(super) struct Lock {
    here: Option<OwnedMutexGuard<()>>,
    lease: Option<(Leases, String, Uuid)>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let (here, lease) = (self.here.take(), self.lease.take());
        // Without a runtime the process ends, and the lease after its time.
        let (Some((leases, name, holder)), Ok(runtime)) = (lease, tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = leases.give_back(&name, holder).await {
                tracing::warn!(%error, "an account stays held until its lease is over");
            }
            // Only now: who comes next in this process holds the lease in the same name.
            drop(here);
        });
    }
}

impl Locks {
    pub fn new(leases: Option<Leases>) -> Self {
        let holder = uuid::Builder::from_random_bytes(campanile_events::random::bytes()).into_uuid();
        Self { held: Mutex::default(), leases, holder }
    }

    /// Waits until nobody else holds the account.
    pub async fn lock(&self, account: AccountId) -> Result<Lock, DbError> {
        let mut lock = Lock { here: Some(self.lock_here(account).await), lease: None };
        let Some(leases) = &self.leases else { return Ok(lock) };
        let name = format!("account {}", account.uuid());
        let late = Moment::now().after(2 * LEASE);
        while !late.is_over() {
            match leases.take(&name, self.holder, LEASE).await? {
                Asked::Ours(_) => {
                    lock.lease = Some((leases.clone(), name, self.holder));
                    return Ok(lock);
                }
                Asked::Anothers(held) => {
                    tokio::time::sleep(held.map_or(Duration::ZERO, |held| held.left.min(LOOK))).await;
                }
            }
        }
        Err(DbError::Unavailable("others held the account all the time".to_owned()))
    }

    async fn lock_here(&self, account: AccountId) -> OwnedMutexGuard<()> {
        let lock = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.retain(|_, lock| lock.strong_count() > 0);
            if let Some(lock) = held.get(&account).and_then(Weak::upgrade) {
                lock
            } else {
                let lock = Arc::new(AsyncMutex::new(()));
                held.insert(account, Arc::downgrade(&lock));
                lock
            }
        };
        lock.lock_owned().await
    }
}

/// Where one account's credentials are kept.
#[derive(Debug)]
struct Keeper {
    tokens: Arc<Tokens>,
    clock: SharedClock,
    workspace: WorkspaceId,
    account: AccountId,
}

struct Claimed {
    tokens: Arc<Tokens>,
    clock: SharedClock,
    workspace: WorkspaceId,
    account: AccountId,
    current: Kept,
    _lock: Lock,
}

impl Tokens {
    /// Where an account's credentials are kept, for an adapter that renews them.
    pub fn keeper(
        self: &Arc<Self>,
        workspace: WorkspaceId,
        account: AccountId,
        clock: SharedClock,
    ) -> Arc<dyn CredentialKeeper> {
        Arc::new(Keeper { tokens: Arc::clone(self), clock, workspace, account })
    }
}

#[async_trait]
impl CredentialKeeper for Keeper {
    async fn claim(&self) -> Result<Box<dyn Renewal>, NotKept> {
        let lock = self.tokens.locks.lock(self.account).await.map_err(|error| {
            tracing::warn!(account.id = %self.account, %error, "the account could not be held for a renewal");
            NotKept
        })?;
        let current = self.tokens.read(self.workspace, self.account).await.map_err(|_| NotKept)?.ok_or(NotKept)?;
        Ok(Box::new(Claimed {
            tokens: Arc::clone(&self.tokens),
            clock: self.clock.clone(),
            workspace: self.workspace,
            account: self.account,
            current,
            _lock: lock,
        }))
    }
}

#[async_trait]
impl Renewal for Claimed {
    fn current(&self) -> &Credentials {
        &self.current.credentials
    }

    async fn replace(&mut self, new: Credentials) -> Result<(), NotKept> {
        crash_at(CrashPoint::AfterTokenRefresh);
        let now = self.clock.now();
        let kept = self.tokens.replace(self.workspace, self.account, &self.current, new, now).await;
        self.current = kept.map_err(|error| {
            tracing::warn!(account.id = %self.account, %error, "renewed credentials could not be kept");
            NotKept
        })?;
        Ok(())
    }
}
