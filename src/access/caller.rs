//! Who asks.

use std::{net::IpAddr, sync::Arc};

use campanile_events::{
    ids::{AccountId, KeyId, WorkspaceId},
    journal::Actor,
    key::{Grant, Key, Scope, Scopes},
};

/// What a request says of itself, beside its secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// From where it comes, where that can be told.
    pub address: Option<IpAddr>,
    /// The page that a browser sends it for.
    pub origin: Option<&'a str>,
}

/// A key that opens something, as of this request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key.
    pub key_id: KeyId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// Its state.
    pub key: Arc<Key>,
    /// What it is allowed, in the open.
    pub grant: Arc<Grant>,
}

impl Caller {
    /// Who stands in the events of its commands.
    pub fn actor(&self) -> Actor {
        Actor::of(self.key_id)
    }

    /// Whether it may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.key.scopes.allows(scope)
    }

    /// What it may do.
    pub fn scopes(&self) -> &Scopes {
        &self.key.scopes
    }

    /// Whether it lists this origin, so that a page of it may read what it is answered; who lists none sets no bound, and
    /// lists nobody.
    pub fn lists_origin(&self, origin: &str) -> bool {
        self.grant.allowed_origins.contains(origin)
    }

    /// Whether it may do something with this account.
    pub fn may_use(&self, account: AccountId) -> bool {
        self.grant.allows_account(account)
    }
}

/// Why a secret opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No secret was sent.
    #[error("no API key was sent: put it in the `Authorization` header, as `Bearer sk_…`, or in `X-API-Key`")]
    Missing,
    /// No key has this secret.
    #[error("the API key is not one of this engine")]
    Invalid,
    /// The key's time is over.
    #[error("the API key has expired")]
    Expired,
    /// The key was revoked.
    #[error("the API key was revoked")]
    Revoked,
    /// The key holds, but not for a browser on that page.
    #[error("the API key may not be used from this origin")]
    Origin,
    /// The key holds, but not from there.
    #[error("the API key may not be used from this address")]
    Ip,
    /// It could not be looked up now.
    #[error("the API key can't be checked now: {0}")]
    Unavailable(String),
}

impl Denied {
    /// The reason that clients branch on.
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("missing_key"),
            Self::Invalid => Some("invalid_key"),
            Self::Expired => Some("expired_key"),
            Self::Revoked => Some("revoked_key"),
            Self::Origin | Self::Ip | Self::Unavailable(_) => None,
        }
    }
}
