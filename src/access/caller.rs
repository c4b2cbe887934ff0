//! Who asks.

use std::{net::IpAddr, sync::Arc};

use campanile_events::{
    ids::{AccountId, KeyId, SessionId, WorkspaceId},
    journal::Actor,
    key::{Grant, Key, Scope, Scopes},
    person::Role,
};
use uuid::Uuid;

use super::SignedIn;

/// What a request says of itself, beside its secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// From where it comes, where that can be told.
    pub address: Option<IpAddr>,
    /// The page that a browser sends it for.
    pub origin: Option<&'a str>,
}

/// Who asks: a key, or a person.
#[derive(Debug, Clone)]
pub enum Who {
    /// A key.
    Key {
        /// Its id.
        id: KeyId,
        /// Its state.
        key: Arc<Key>,
    },
    /// A person, and what they are in the workspace.
    Person(Box<SignedIn>, Role),
}

/// A key or a person to whom something is open, as of this request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// The workspace that is open to them.
    pub workspace: WorkspaceId,
    /// What they are allowed there, in the open.
    pub grant: Arc<Grant>,
}

impl Caller {
    /// A key in its workspace.
    pub const fn key(id: KeyId, key: Arc<Key>, workspace: WorkspaceId, grant: Arc<Grant>) -> Self {
        Self { who: Who::Key { id, key }, workspace, grant }
    }

    /// A person in a workspace, with what their role allows and nothing besides.
    pub fn person(signed_in: SignedIn, workspace: WorkspaceId, role: Role) -> Self {
        let grant = Grant { scopes: role.scopes(), ..Grant::everything() };
        Self { who: Who::Person(Box::new(signed_in), role), workspace, grant: Arc::new(grant) }
    }

    /// Who stands in the events of its commands.
    pub fn actor(&self) -> Actor {
        match &self.who {
            Who::Key { id, .. } => Actor::of(id),
            Who::Person(signed_in, _) => signed_in.actor(),
        }
    }

    /// The id of who it is.
    pub fn id(&self) -> Uuid {
        match &self.who {
            Who::Key { id, .. } => id.uuid(),
            Who::Person(signed_in, _) => signed_in.id.uuid(),
        }
    }

    /// What a person is here; `None` for a key.
    pub const fn role(&self) -> Option<Role> {
        match &self.who {
            Who::Key { .. } => None,
            Who::Person(_, role) => Some(*role),
        }
    }

    /// The session that a person came in; `None` for a key.
    pub fn session(&self) -> Option<SessionId> {
        match &self.who {
            Who::Key { .. } => None,
            Who::Person(signed_in, _) => Some(signed_in.session.id),
        }
    }

    /// Whether it may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.grant.scopes.allows(scope)
    }

    /// What it may do.
    pub fn scopes(&self) -> &Scopes {
        &self.grant.scopes
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
    /// The session's time is over, or it was ended, or there never was one.
    #[error("the session has ended: log in again")]
    SessionEnded,
    /// It could not be looked up now.
    #[error("the API key can't be checked now: {0}")]
    Unavailable(String),
}

impl Denied {
    /// Whether there is such a key, which doesn't open what was asked, or not from there.
    pub const fn is_of_a_key(&self) -> bool {
        matches!(self, Self::Expired | Self::Revoked | Self::Origin | Self::Ip)
    }

    /// The reason that clients branch on.
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("missing_key"),
            Self::Invalid => Some("invalid_key"),
            Self::Expired => Some("expired_key"),
            Self::Revoked => Some("revoked_key"),
            Self::SessionEnded => Some("expired_session"),
            Self::Origin | Self::Ip | Self::Unavailable(_) => None,
        }
    }
}
