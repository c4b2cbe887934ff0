//! Why a key refuses a command.

/// Why a key refuses a command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
    /// It exists already.
    #[error("the key exists already")]
    Exists,
    /// It would hold nothing.
    #[error("a key needs at least one scope")]
    NoScopes,
    /// It would hold more than its maker.
    #[error("a key can make no key beyond its own scopes")]
    BeyondMaker,
    /// It would be over before it begins.
    #[error("the key's expiry is in the past")]
    ExpiryInThePast,
}
