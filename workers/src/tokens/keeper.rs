//! One writer per account: who renews its credentials, who gives new ones and who deletes them wait for each other.
//!
//! The locks are this process's. Where several processes share a database, the writer has to hold a claim on the account's
//! stream besides.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use async_trait::async_trait;
use campanile_events::{
    clock::SharedClock,
    ids::{AccountId, WorkspaceId},
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::Tokens;
use crate::platforms::{CredentialKeeper, Credentials, NotKept, Renewal};

/// A lock for each account that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<AccountId, Weak<AsyncMutex<()>>>>);

impl Locks {
    pub async fn lock(&self, account: AccountId) -> OwnedMutexGuard<()> {
        let lock = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    current: Credentials,
    _lock: OwnedMutexGuard<()>,
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
        let lock = self.tokens.locks.lock(self.account).await;
        let current = self.tokens.load(self.workspace, self.account).await.map_err(|_| NotKept)?.ok_or(NotKept)?;
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
        &self.current
    }

    async fn replace(&mut self, new: Credentials) -> Result<(), NotKept> {
        let kept = self.tokens.write(self.workspace, self.account, &new, self.clock.now()).await;
        kept.map_err(|error| {
            tracing::warn!(account.id = %self.account, %error, "renewed credentials could not be kept");
            NotKept
        })?;
        self.current = new;
        Ok(())
    }
}
