//! From a secret to who asks.

use std::sync::Arc;

use campanile_events::{
    clock::SharedClock,
    commands::Executor,
    db::{Database, DbError},
    key::{Key, KeyStatus},
    seal::MasterKey,
};

use super::{Caller, Denied, KeySecret, Usage, Verifiers};

/// Tells who asks, by the secret that they send. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    keys: Executor<Key>,
    verifiers: Arc<Verifiers>,
    usage: Arc<Usage>,
    clock: SharedClock,
}

impl Access {
    /// Opens what is kept of secrets in `side`.
    pub async fn open(
        side: Arc<dyn Database>,
        master: &MasterKey,
        keys: Executor<Key>,
        clock: SharedClock,
    ) -> Result<Self, DbError> {
        let verifiers = Arc::new(Verifiers::open(Arc::clone(&side), master).await?);
        let usage = Arc::new(Usage::open(side).await?);
        Ok(Self { keys, verifiers, usage, clock })
    }

    /// Who has this secret.
    ///
    /// # Errors
    /// Why it opens nothing.
    pub async fn authenticate(&self, secret: &str) -> Result<Caller, Denied> {
        let secret = KeySecret::read(secret).map_err(|_| Denied::Invalid)?;
        let unavailable = |error: &dyn std::fmt::Display| Denied::Unavailable(error.to_string());
        let holder = self.verifiers.find(&secret).await.map_err(|error| unavailable(&error))?;
        let holder = holder.ok_or(Denied::Invalid)?;
        let loaded = self.keys.load(holder.workspace, holder.key_id.uuid()).await;
        let key = loaded.map_err(|error| unavailable(&error))?.ok_or(Denied::Invalid)?.state;
        let now = self.clock.now();
        match key.status(now) {
            KeyStatus::Revoked => Err(Denied::Revoked),
            KeyStatus::Expired => Err(Denied::Expired),
            KeyStatus::Active => {
                self.usage.note(holder.key_id, now);
                Ok(Caller { key_id: holder.key_id, workspace: holder.workspace, key: Arc::new(key) })
            }
        }
    }

    /// What is kept of secrets.
    pub fn verifiers(&self) -> &Verifiers {
        &self.verifiers
    }

    /// When keys were last used.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }
}
