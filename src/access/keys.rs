//! From a secret to who asks.

use std::sync::Arc;

use campanile_events::{
    clock::SharedClock,
    commands::{Executor, Request},
    db::{Database, DbError},
    journal::{Actor, Metadata},
    key::{Key, KeyAction, KeyCommand, KeyStatus},
    seal::{DataKeys, MasterKey},
};
use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::{Caller, Denied, Holder, KeySecret, Presented, Usage, Verifiers, limits::RateLimits, opened};

/// Tells who asks, by the secret that they send. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    keys: Executor<Key>,
    verifiers: Arc<Verifiers>,
    usage: Arc<Usage>,
    limits: Arc<RateLimits>,
    data_keys: Arc<DataKeys>,
    proxies: Arc<[IpNet]>,
    clock: SharedClock,
}

impl Access {
    /// Opens what is kept of secrets in `side`.
    pub async fn open(
        side: Arc<dyn Database>,
        master: &MasterKey,
        data_keys: Arc<DataKeys>,
        keys: Executor<Key>,
        proxies: &[IpNet],
        clock: SharedClock,
    ) -> Result<Self, DbError> {
        let verifiers = Arc::new(Verifiers::open(Arc::clone(&side), master).await?);
        let usage = Arc::new(Usage::open(Arc::clone(&side), Arc::clone(&data_keys)).await?);
        let limits = Arc::new(RateLimits::open(side).await?);
        Ok(Self { keys, verifiers, usage, limits, data_keys, proxies: proxies.into(), clock })
    }

    /// Who has this secret.
    ///
    /// # Errors
    /// Why it opens nothing, or not from there.
    pub async fn authenticate(&self, secret: &str, presented: Presented<'_>) -> Result<Caller, Denied> {
        let (holder, key) = self.holder(secret).await?.ok_or(Denied::Invalid)?;
        let now = self.clock.now();
        match key.status(now) {
            KeyStatus::Revoked => return Err(Denied::Revoked),
            KeyStatus::Expired => return Err(Denied::Expired),
            KeyStatus::Active => {}
        }
        let data_key = self.data_keys.get(holder.workspace.uuid()).await.map_err(|error| unavailable(&error))?;
        let grant = opened(&data_key, &key).map_err(|error| unavailable(&error))?;
        if !grant.allows_address(presented.address) {
            return Err(Denied::Ip);
        }
        if !grant.allows_origin(presented.origin) {
            return Err(Denied::Origin);
        }
        self.usage.note(holder, now, presented.address);
        if key.is_used_late(now) {
            self.note_old_secret(holder, now);
        }
        Ok(Caller { key_id: holder.key_id, workspace: holder.workspace, key: Arc::new(key), grant: Arc::new(grant) })
    }

    /// The key that has this secret, whether it still opens anything or not.
    ///
    /// # Errors
    /// If the secret can't be one, or can't be looked up now.
    pub async fn holder(&self, secret: &str) -> Result<Option<(Holder, Key)>, Denied> {
        let secret = KeySecret::read(secret).map_err(|_| Denied::Invalid)?;
        let holder = self.verifiers.find(&secret).await.map_err(|error| unavailable(&error))?;
        let Some(holder) = holder else { return Ok(None) };
        let loaded = self.keys.load(holder.workspace, holder.key_id.uuid()).await;
        Ok(loaded.map_err(|error| unavailable(&error))?.map(|loaded| (holder, loaded.state)))
    }

    /// The proxies whose word on a client's address is taken.
    pub fn proxies(&self) -> &[IpNet] {
        &self.proxies
    }

    /// What is kept of secrets.
    pub fn verifiers(&self) -> &Verifiers {
        &self.verifiers
    }

    /// When keys were last used.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// How many requests keys may still make.
    pub fn limits(&self) -> &RateLimits {
        &self.limits
    }

    /// The request needn't wait for it; the key itself sees to it that it stands there once.
    fn note_old_secret(&self, holder: Holder, now: DateTime<Utc>) {
        let keys = self.keys.clone();
        tokio::spawn(async move {
            let request = Request {
                workspace: holder.workspace,
                id: holder.key_id.uuid(),
                command: KeyCommand { now, action: KeyAction::NoteOldSecret },
                metadata: Metadata::by(Actor::engine()),
                receipt: None,
            };
            if let Err(error) = keys.execute(request).await {
                tracing::warn!(key.id = %holder.key_id, %error, "the use of an old secret was not put on record");
            }
        });
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Denied {
    Denied::Unavailable(error.to_string())
}
