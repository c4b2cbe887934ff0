//! What may be asked of a key.

use chrono::{DateTime, Duration, Utc};

use super::{Addresses, Grant};
use crate::{
    ids::{KeyId, WorkspaceId},
    seal::Sealed,
};

/// What is asked of a key, at `now`.
#[derive(Debug, Clone)]
pub struct KeyCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: KeyAction,
}

/// What is asked of a key.
#[derive(Debug, Clone)]
pub enum KeyAction {
    /// Make it.
    Create(Box<NewKey>),
    /// Change what is said of it or what it may do.
    Change(Box<ChangeKey>),
    /// Let another follow it, with the same rights.
    Rotate(Box<RotateKey>),
    /// Put on record that its secret is still used near the end of its overlap.
    NoteOldSecret,
    /// Put on record that its time is over.
    NoteExpiry,
    /// Revoke it: for ever. Nothing follows for one that is revoked.
    Revoke,
}

/// A key that is to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// What its owner calls it.
    pub name: Sealed,
    /// What its owner says of it.
    pub description: Option<Sealed>,
    /// The first letters of its secret.
    pub prefix: String,
    /// What it is allowed.
    pub grant: Grant,
    /// The grant's origins as they are stored.
    pub allowed_origins: Vec<Sealed>,
    /// The grant's networks as they are stored.
    pub allowed_ips: Vec<Sealed>,
    /// What its maker is allowed: a key can make none beyond that.
    pub maker: Grant,
    /// The key that it follows.
    pub predecessor: Option<KeyId>,
}

impl NewKey {
    /// A key with a name and a grant, made by who may do everything.
    pub fn new(workspace_id: WorkspaceId, name: Sealed, prefix: impl Into<String>, grant: Grant) -> Self {
        Self {
            workspace_id,
            name,
            description: None,
            prefix: prefix.into(),
            grant,
            allowed_origins: Vec::new(),
            allowed_ips: Vec::new(),
            maker: Grant::everything(),
            predecessor: None,
        }
    }
}

/// A change of a key.
#[derive(Debug, Clone)]
pub struct ChangeKey {
    /// The revision that `before` was read at: the key's own state has addresses sealed only.
    pub revision: u32,
    /// What it is allowed at that revision.
    pub before: Grant,
    /// What it would be allowed.
    pub asked: Grant,
    /// What who asks is allowed: none can widen a key beyond that.
    pub by: Grant,
    /// What it is to be called; absent if as before.
    pub name: Option<Sealed>,
    /// What is to be said of it: `Some(None)` for nothing, absent if as before.
    pub description: Option<Option<Sealed>>,
    /// The addresses of [`Grant::left_within`] as they are stored: of what `before` leaves within `asked`.
    pub left_addresses: Addresses,
    /// Those of `asked`.
    pub addresses: Addresses,
}

impl ChangeKey {
    /// A change of what a key is allowed; `stored` says how the addresses of a grant are kept.
    pub fn new(revision: u32, before: Grant, asked: Grant, by: Grant, stored: impl Fn(&Grant) -> Addresses) -> Self {
        let (left_addresses, addresses) = (stored(&before.left_within(&asked).grant), stored(&asked));
        Self { revision, before, asked, by, name: None, description: None, left_addresses, addresses }
    }
}

/// A key that another is to follow.
#[derive(Debug, Clone)]
pub struct RotateKey {
    /// The revision that `grant` was read at.
    pub revision: u32,
    /// What it is allowed at that revision, and so its successor.
    pub grant: Grant,
    /// What who asks is allowed: the successor's secret is theirs.
    pub by: Grant,
    /// The key that follows.
    pub successor: KeyId,
    /// How long both hold; with none, this one is revoked at once.
    pub overlap: Duration,
}
