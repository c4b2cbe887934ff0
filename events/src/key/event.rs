//! What happened to a key. Stored names and shapes are for ever.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{ListedBound, Scopes};
use crate::{
    ids::{AccountId, KeyId, WorkspaceId},
    seal::Sealed,
    stored_events,
};

stored_events! {
    /// What happened to a key.
    pub enum KeyEvent {
        /// It was made. Version 1 knew no bounds on accounts, origins and networks.
        Created(KeyCreated) = "key.created" @ 2,
        /// It was changed, in whatever way: earlier builds told all changes by this one.
        Changed(KeyChanged) = "key.changed" @ 1,
        /// It is called something else.
        Renamed(KeyRenamed) = "key.renamed" @ 1,
        /// Something was taken from it.
        Narrowed(KeyNarrowed) = "key.narrowed" @ 1,
        /// It was given something.
        Widened(KeyWidened) = "key.widened" @ 1,
        /// Another follows it.
        Rotated(KeyRotated) = "key.rotated" @ 1,
        /// Its secret was used though its overlap is nearly over.
        OldSecretUsed(KeyOldSecretUsed) = "key.old_secret_used" @ 1,
        /// Its time was over. Admission goes by the time alone and waits for no such event.
        Expired(KeyExpired) = "key.expired" @ 1,
        /// It was revoked: for ever.
        Revoked(KeyRevoked) = "key.revoked" @ 1,
    }
    upcasts = &[("key.created", 1, Ok)];
}

/// Whether a key may publish to live accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMode {
    /// To all accounts.
    #[default]
    Live,
    /// To sandbox accounts only.
    Test,
}

impl KeyMode {
    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// How many requests a key may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// In a minute.
    pub per_minute: u32,
    /// In a day.
    pub per_day: u32,
}

impl RateLimit {
    /// What keys get that say nothing else.
    pub const USUAL: Self = Self { per_minute: 60, per_day: 10_000 };

    /// Whether it allows no more than another.
    pub const fn is_within(self, bound: Self) -> bool {
        self.per_minute <= bound.per_minute && self.per_day <= bound.per_day
    }

    /// The lesser of both, window by window.
    #[must_use]
    pub fn or_less(self, other: Self) -> Self {
        Self { per_minute: self.per_minute.min(other.per_minute), per_day: self.per_day.min(other.per_day) }
    }
}

/// See [`KeyEvent::Created`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCreated {
    /// The workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// What its owner calls it.
    pub name: Sealed,
    /// What its owner says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Sealed>,
    /// The first letters of its secret, to recognise it by.
    pub prefix: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Which accounts it may publish to.
    pub mode: KeyMode,
    /// From when it no longer holds; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// How many requests it may make; absent for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// The accounts that it is bound to; absent for all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allowed_accounts: BTreeSet<AccountId>,
    /// The origins that a browser may send it from; absent for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_origins: Vec<Sealed>,
    /// The networks that it may be sent from; absent for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_ips: Vec<Sealed>,
    /// The key that it follows; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<KeyId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What of a key is another now; what is absent stayed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyChanges {
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    /// What its owner says of it; `null` for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub description: Option<Option<Sealed>>,
    /// What it may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// From when it no longer holds; `null` for never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// How many requests it may make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// The accounts that it is bound to; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_accounts: Option<BTreeSet<AccountId>>,
    /// The origins that a browser may send it from; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<Sealed>>,
    /// The networks that it may be sent from; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_ips: Option<Vec<Sealed>>,
}

/// Tells `null` from what is absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// See [`KeyEvent::Changed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChanged {
    /// What.
    #[serde(flatten)]
    pub changes: KeyChanges,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::Renamed`]. What is absent stayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRenamed {
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    /// What its owner says of it; `null` for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub description: Option<Option<Sealed>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which bounds of a key are others now, each as it stands from then on; what is absent stayed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyBounds {
    /// What it may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// From when it no longer holds; `null` for never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// How many requests it may make; `null` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub rate_limit: Option<Option<RateLimit>>,
    /// The accounts that it is bound to; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_accounts: Option<BTreeSet<AccountId>>,
    /// The origins that a browser may send it from; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<Sealed>>,
    /// The networks that it may be sent from; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_ips: Option<Vec<Sealed>>,
}

/// See [`KeyEvent::Narrowed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNarrowed {
    /// What is left of each bound that lost something.
    #[serde(flatten)]
    pub bounds: KeyBounds,
    /// The lists of which nothing is left: what stands in their place follows as [`KeyEvent::Widened`] in the same append,
    /// since an empty list would read as no bound at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<ListedBound>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::Widened`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyWidened {
    /// Each bound that gained something.
    #[serde(flatten)]
    pub bounds: KeyBounds,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::Rotated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// The key that follows.
    pub successor: KeyId,
    /// From when the old one no longer holds.
    pub valid_until: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::OldSecretUsed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOldSecretUsed {
    /// The key that follows, and should be used.
    pub successor: KeyId,
    /// From when the old one no longer holds.
    pub valid_until: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::Expired`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyExpired {
    /// From when it no longer held; for one that was rotated, the end of its overlap.
    pub expired_at: DateTime<Utc>,
    /// When that was put on record.
    pub at: DateTime<Utc>,
}

/// See [`KeyEvent::Revoked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// When.
    pub at: DateTime<Utc>,
}
