//! A key's state, folded from its events.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{KeyCommand, KeyError, KeyEvent, KeyMode, RateLimit, Scopes};
use crate::{
    ids::{AccountId, KeyId, WorkspaceId},
    seal::Sealed,
};

/// A key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Key {
    /// Whether it was ever made.
    pub exists: bool,
    /// The workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// What its owner calls it.
    pub name: Sealed,
    /// What its owner says of it.
    pub description: Option<Sealed>,
    /// The first letters of its secret.
    pub prefix: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Which accounts it may publish to.
    pub mode: KeyMode,
    /// From when it no longer holds.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many requests it may make.
    pub rate_limit: Option<RateLimit>,
    /// The accounts that it is bound to; none for all.
    pub allowed_accounts: BTreeSet<AccountId>,
    /// The origins that a browser may send it from; none for all.
    pub allowed_origins: Vec<Sealed>,
    /// The networks that it may be sent from; none for all.
    pub allowed_ips: Vec<Sealed>,
    /// The key that it follows.
    pub predecessor: Option<KeyId>,
    /// The key that follows it; both hold until this one expires.
    pub successor: Option<KeyId>,
    /// Since when another follows it.
    pub rotated_at: Option<DateTime<Utc>>,
    /// Whether the use of its secret near its end is on record.
    pub old_secret_noted: bool,
    /// Whether it is on record that the time that it has is over.
    #[serde(default)]
    pub expiry_noted: bool,
    /// Counts changes.
    pub revision: u32,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Whether a key opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It holds.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl KeyStatus {
    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Drawn from what is stored of a key.
    pub fn of(revoked_at: Option<DateTime<Utc>>, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        if revoked_at.is_some() {
            Self::Revoked
        } else if expires_at.is_some_and(|at| now >= at) {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

impl Key {
    /// Whether it opens anything at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> KeyStatus {
        KeyStatus::of(self.revoked_at, self.expires_at, now)
    }

    /// When its end is to be put on record; `None` if it never ends, that was done, or it was revoked before.
    pub fn expiry_due(&self) -> Option<DateTime<Utc>> {
        self.expires_at.filter(|_| !self.expiry_noted && self.revoked_at.is_none())
    }

    /// Whether a use at `now` falls into the last quarter of its overlap with a successor, and isn't on record yet.
    pub fn is_used_late(&self, now: DateTime<Utc>) -> bool {
        let (Some(rotated_at), Some(until)) = (self.rotated_at, self.expires_at) else { return false };
        !self.old_secret_noted && self.status(now) == KeyStatus::Active && now >= until - (until - rotated_at) / 4
    }
}

impl cqrs_es::Aggregate for Key {
    const TYPE: &'static str = "key";
    type Command = KeyCommand;
    type Event = KeyEvent;
    type Error = KeyError;
    type Services = ();

    async fn handle(
        &mut self,
        command: KeyCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), KeyError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: KeyEvent) {
        self.fold(event);
    }
}
