//! Why a key refuses a command.

use super::{Excess, KeyStatus};

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
    /// It would hold more than who asks.
    #[error("a key can make or widen no key beyond its own rights: this goes beyond {0}")]
    Beyond(Excess),
    /// It would be over before it begins.
    #[error("the key's expiry is in the past")]
    ExpiryInThePast,
    /// It was changed since what was decided on was read.
    #[error("the key is at revision {0} by now")]
    Moved(u32),
    /// It no longer holds.
    #[error("the key is {}: it can't be {verb}", .status.as_str())]
    Over {
        /// Where it stands.
        status: KeyStatus,
        /// What was asked: `changed` or `rotated`.
        verb: &'static str,
    },
    /// Another follows it already.
    #[error("the key was rotated already: rotate the one that follows it")]
    Rotated,
    /// It was rotated, and its overlap would be lengthened.
    #[error("the key was rotated: until it ends it can be shortened, not lengthened")]
    Lengthened,
}
