//! The keys of signed notes: an Ed25519 key and the name it signs under.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What C2SP assigns to Ed25519.
const ED25519: u8 = 0x01;

/// The name of a key or the origin of a log, such as `campanile/01936a3e-…/epoch-1`: not empty, no spaces, no plus sign,
/// no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteName(String);

/// A text that can't name a key or a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name for a signed note: it is empty, or has a space, a plus sign or a control character in it")]
pub struct InvalidNoteName;

impl NoteName {
    /// As it stands in the note.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NoteName {
    type Err = InvalidNoteName;

    fn from_str(text: &str) -> Result<Self, InvalidNoteName> {
        let unfit = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '+';
        if text.is_empty() || text.contains(unfit) {
            return Err(InvalidNoteName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for NoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that signs checkpoints. Wiped when it is dropped.
pub struct SigningKey {
    name: NoteName,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key of these secret bytes, which come from [`crate::random`] or from where they were kept.
    pub fn from_bytes(name: NoteName, secret: &[u8; 32]) -> Self {
        Self { name, key: ed25519_dalek::SigningKey::from_bytes(secret) }
    }

    /// The half that others check with.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    pub(crate) fn secret_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    pub(super) fn name(&self) -> &NoteName {
        &self.name
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The key that checks checkpoints. Its text is the one that Go's `sumdb/note` made common (`vkey`):
/// `<name>+<key id in hex>+<base64 of 0x01 and the key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: NoteName,
    key: ed25519_dalek::VerifyingKey,
}

/// A text that is not a verifying key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVerifyingKey {
    /// Not `name+id+key`.
    #[error("not of the form `name+id+key`")]
    Form,
    /// The name isn't one.
    #[error(transparent)]
    Name(#[from] InvalidNoteName),
    /// The key is of a kind that isn't signed with here, or not a sound Ed25519 key.
    #[error("not an Ed25519 key")]
    Key,
    /// The id is another key's: a part was mistyped.
    #[error("the key's id doesn't match its name and bytes")]
    Id,
}

impl VerifyingKey {
    /// The name that stands in the signature's line.
    pub fn name(&self) -> &NoteName {
        &self.name
    }

    /// The first four bytes of `SHA-256(name || 0x0A || 0x01 || key)`.
    pub fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_str())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        *digest.first_chunk().expect("a SHA-256 digest has more than 4 bytes")
    }

    pub(super) fn verifies(&self, text: &str, signature: &[u8; 64]) -> bool {
        self.key.verify_strict(text.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(key))
    }
}

impl FromStr for VerifyingKey {
    type Err = InvalidVerifyingKey;

    fn from_str(text: &str) -> Result<Self, InvalidVerifyingKey> {
        let (name, rest) = text.split_once('+').ok_or(InvalidVerifyingKey::Form)?;
        // The key's own base64 may have plus signs in it.
        let (id, key) = rest.split_once('+').ok_or(InvalidVerifyingKey::Form)?;
        let name = name.parse()?;
        let key = STANDARD.decode(key).map_err(|_| InvalidVerifyingKey::Form)?;
        let key: [u8; 32] = match key.split_first() {
            Some((&ED25519, key)) => key.try_into().map_err(|_| InvalidVerifyingKey::Key)?,
            _ => return Err(InvalidVerifyingKey::Key),
        };
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| InvalidVerifyingKey::Key)?;
        if key.is_weak() {
            return Err(InvalidVerifyingKey::Key);
        }
        let key = Self { name, key };
        if hex::encode(key.id()) != id {
            return Err(InvalidVerifyingKey::Id);
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_form_allows() {
        for name in ["campanile/0", "zürich.example/log", "a"] {
            assert_eq!(name.parse::<NoteName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in ["", " ", "a b", "a+b", "a\n", "a\u{2003}b", "\u{0}"] {
            assert_eq!(name.parse::<NoteName>(), Err(InvalidNoteName), "{name:?}");
        }
    }

    #[test]
    fn verifying_keys_read_as_they_are_written() {
        let key = SigningKey::from_bytes("campanile/0".parse().unwrap(), &[7; 32]).verifying_key();
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key));

        let (name, rest) = text.split_once('+').unwrap();
        let (id, key) = rest.split_once('+').unwrap();
        let other = if id.starts_with('0') { id.replacen('0', "1", 1) } else { format!("0{}", &id[1..]) };
        let of_weak_key = STANDARD.encode([&[1_u8, 1][..], &[0; 31]].concat());
        for (text, error) in [
            (String::new(), InvalidVerifyingKey::Form),
            (format!("{name}+{id}"), InvalidVerifyingKey::Form),
            (format!("{name}+{id}+{key}="), InvalidVerifyingKey::Form),
            (format!("+{id}+{key}"), InvalidVerifyingKey::Name(InvalidNoteName)),
            (format!("{name}+{other}+{key}"), InvalidVerifyingKey::Id),
            (format!("{name}x+{id}+{key}"), InvalidVerifyingKey::Id),
            (format!("{name}+{id}+"), InvalidVerifyingKey::Key),
            (format!("{name}+{id}+AQ=="), InvalidVerifyingKey::Key),
            (format!("{name}+{id}+{of_weak_key}"), InvalidVerifyingKey::Key),
        ] {
            assert_eq!(text.parse::<VerifyingKey>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_signing_key_shows_its_name_alone() {
        let key = SigningKey::from_bytes("campanile/0".parse().unwrap(), &[0xab; 32]);
        assert_eq!(format!("{key:?}"), "SigningKey { name: NoteName(\"campanile/0\"), .. }");
    }
}
