//! Personal text: sealed as it is stored, and in the open as a program handles it.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Text that is sealed: `s1.` and base64url of nonce and ciphertext (XChaCha20-Poly1305; the associated data binds the
/// scope and the field).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Takes text that is sealed already, as it was stored.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Personal text in the open, in memory only: it never shows in `Debug`, and its bytes are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Open(Zeroizing<String>);

impl Open {
    /// Text that somebody gave.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Open({} bytes)", self.0.len())
    }
}

impl From<&str> for Open {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
