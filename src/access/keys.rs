//! From a secret to who asks.

use std::sync::Arc;

use campanile_events::{
    clock::SharedClock,
    commands::{Executor, LoadError, Request, Sharing},
    db::Database,
    ids::{KeyId, Position, WorkspaceId},
    journal::{Actor, Metadata},
    key::{Key, KeyAction, KeyCommand, KeyStatus, RateLimit},
    random,
    seal::DataKeys,
};
use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::{
    Caller, Denied, Holder, KeySecret, PepperError, PepperFile, Presented, Refusals, Usage, Verifiers,
    current::CurrentKeys,
    families::Families,
    grants::Grants,
    limits::{LimitSettings, RateLimits, Strangers},
};

/// Tells who asks, by the secret that they send. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    keys: Executor<Key>,
    current: CurrentKeys,
    verifiers: Arc<Verifiers>,
    grants: Arc<Grants>,
    families: Arc<Families>,
    usage: Arc<Usage>,
    refusals: Arc<Refusals>,
    limits: Arc<RateLimits>,
    strangers: Arc<Strangers>,
    reporters: Arc<Strangers>,
    settings: LimitSettings,
    data_keys: Arc<DataKeys>,
    proxies: Arc<[IpNet]>,
    clock: SharedClock,
}

impl Access {
    /// Opens what is kept of secrets in `side`. Where other processes append to the log of `keys`, limits are shared with
    /// them, and keys are kept up with what they do.
    pub async fn open(
        side: Arc<dyn Database>,
        peppers: PepperFile,
        data_keys: Arc<DataKeys>,
        keys: Executor<Key>,
        proxies: &[IpNet],
        settings: LimitSettings,
        clock: SharedClock,
    ) -> Result<Self, PepperError> {
        let node = match keys.sharing() {
            Sharing::Alone => None,
            Sharing::Shared => Some(random::uuid_at(clock.now())),
        };
        let verifiers = Arc::new(Verifiers::open(Arc::clone(&side), peppers, node).await?);
        let usage = Arc::new(Usage::open(Arc::clone(&side), Arc::clone(&data_keys)).await?);
        let refusals = Arc::new(Refusals::open(Arc::clone(&side), Arc::clone(&data_keys)).await?);
        let limits = RateLimits::open_as(Arc::clone(&side), keys.sharing(), settings.windows).await?;
        let (limits, strangers) = (Arc::new(limits), Arc::new(Strangers::new(settings)));
        let reporters = Arc::new(Strangers::new(settings));
        let current = CurrentKeys::open(side, &keys, clock.now()).await?;
        let proxies = proxies.into();
        let (grants, families) = (Arc::default(), Arc::default());
        Ok(Self {
            keys,
            current,
            verifiers,
            grants,
            families,
            usage,
            refusals,
            limits,
            strangers,
            reporters,
            settings,
            data_keys,
            proxies,
            clock,
        })
    }

    /// Who has this secret.
    ///
    /// # Errors
    /// Why it opens nothing, or not from there.
    pub async fn authenticate(&self, secret: &str, presented: Presented<'_>) -> Result<Caller, Denied> {
        let (holder, key) = self.holder(secret).await?.ok_or(Denied::Invalid)?;
        let now = self.clock.now();
        check_status(&key, now)?;
        let data_key = self.data_keys.get(holder.workspace.uuid()).await.map_err(|error| unavailable(&error))?;
        let grant = self.grants.of(&data_key, holder.key_id, &key).map_err(|error| unavailable(&error))?;
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
        Ok(Caller::key(holder.key_id, key, holder.workspace, grant))
    }

    /// The key that has this secret, whether it still opens anything or not.
    ///
    /// # Errors
    /// If the secret can't be one, or can't be looked up now.
    pub async fn holder(&self, secret: &str) -> Result<Option<(Holder, Arc<Key>)>, Denied> {
        let secret = KeySecret::read(secret).map_err(|_| Denied::Invalid)?;
        let holder = self.verifiers.find(&secret).await.map_err(|error| unavailable(&error))?;
        let Some(holder) = holder else { return Ok(None) };
        let key = self.current.get(holder.workspace, holder.key_id).await.map_err(|error| unavailable(&error))?;
        Ok(key.map(|key| (holder, key)))
    }

    /// A key of a workspace, for what was begun with it, if it still opens anything.
    ///
    /// # Errors
    /// Why it doesn't.
    pub async fn holds(&self, workspace: WorkspaceId, id: KeyId) -> Result<Arc<Key>, Denied> {
        let key = self.current.get(workspace, id).await.map_err(|error| unavailable(&error))?;
        let key = key.ok_or(Denied::Invalid)?;
        check_status(&key, self.clock.now())?;
        Ok(key)
    }

    /// Waits until a change of a key that was committed at `position` counts for every request that starts from now on, on
    /// every node: half a second at most.
    pub async fn settled(&self, position: Position) {
        self.current.settled(position).await;
    }

    /// Goes by the database alone from now on: before a stop, so that no other node waits for this one.
    pub async fn retire(&self) {
        self.current.retire().await;
        if let Err(error) = self.verifiers.leave().await {
            tracing::debug!(%error, "a new pepper waits some seconds for this node");
        }
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

    /// Which writes were refused to keys.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// How many requests keys may still make.
    pub fn limits(&self) -> &Arc<RateLimits> {
        &self.limits
    }

    /// Under whose id a key's requests are counted: all keys of one line, each made by rotating the one before, share their
    /// limits.
    ///
    /// # Errors
    /// If a key of the line can't be read.
    pub async fn counted_as(&self, workspace: WorkspaceId, id: KeyId, key: &Key) -> Result<KeyId, LoadError> {
        self.families.first(&self.keys, workspace, id, key).await
    }

    /// How many requests keys and sessions may make of which nothing else is said.
    pub const fn usual_limit(&self) -> RateLimit {
        self.settings.usual
    }

    /// How many requests are taken of those that nobody answers for.
    pub fn strangers(&self) -> &Strangers {
        &self.strangers
    }

    /// The same for those that report a leaked secret: what else comes from an address doesn't hold a report back.
    pub fn reporters(&self) -> &Strangers {
        &self.reporters
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

fn check_status(key: &Key, now: DateTime<Utc>) -> Result<(), Denied> {
    match key.status(now) {
        KeyStatus::Revoked => Err(Denied::Revoked),
        KeyStatus::Expired => Err(Denied::Expired),
        KeyStatus::Active => Ok(()),
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Denied {
    Denied::Unavailable(error.to_string())
}
