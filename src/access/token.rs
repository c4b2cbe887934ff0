//! What a person shows instead of a password: a session's token (`st_`), and the token of a link that lets them set one
//! (`lt_`). 43 random letters and digits, which hold 256 bits, and a checksum of 6 more.

use campanile_events::seal::MasterKey;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::secret::{CHECKSUM, checksum, letters};

const RANDOM: usize = 43;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A session.
    Session,
    /// A link.
    Link,
}

impl TokenKind {
    /// How its tokens begin.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "st_",
            Self::Link => "lt_",
        }
    }
}

/// A token whose checksum is right. Whether it opens anything is another question.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// Not a token of that kind, or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token")]
pub struct InvalidToken;

impl Token {
    /// A new one.
    pub fn generate(kind: TokenKind) -> Self {
        let mut token = kind.prefix().to_owned();
        letters(&mut token, RANDOM);
        token.push_str(&checksum(&token));
        Self(token.into())
    }

    /// Takes what a client sent, if its form and checksum are right.
    ///
    /// # Errors
    /// If they aren't: no such token can exist.
    pub fn read(kind: TokenKind, text: &str) -> Result<Self, InvalidToken> {
        let rest = text.strip_prefix(kind.prefix()).ok_or(InvalidToken)?;
        if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidToken);
        }
        let (before, given) = text.split_at(text.len() - CHECKSUM);
        if checksum(before) == given { Ok(Self(text.to_owned().into())) } else { Err(InvalidToken) }
    }

    /// The token itself: for its verifier, and for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Makes keyed digests for one purpose: with the master key elsewhere, a table of them alone doesn't let anybody try
/// tokens or addresses out.
#[derive(Clone)]
pub(super) struct Pepper(Hmac<Sha256>);

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pepper").finish_non_exhaustive()
    }
}

impl Pepper {
    pub(super) fn of(master: &MasterKey, purpose: &str) -> Self {
        Self::of_bytes(master.derive(purpose).as_slice())
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length"))
    }

    pub(super) fn digest(&self, text: &str) -> Vec<u8> {
        self.mac(text).to_vec()
    }

    pub(super) fn mac(&self, text: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_as_it_was_made_and_as_nothing_else() {
        for (kind, other) in [(TokenKind::Session, TokenKind::Link), (TokenKind::Link, TokenKind::Session)] {
            let token = Token::generate(kind);
            let text = token.expose();
            assert!(text.starts_with(kind.prefix()) && text.len() == 3 + RANDOM + CHECKSUM);
            assert!(Token::read(kind, text).is_ok() && Token::read(other, text).is_err());
            assert!(!format!("{token:?}").contains(&text[3..]));
            assert_ne!(Token::generate(kind).expose(), text);
            for at in 0..text.len() {
                let another = if &text[at..=at] == "a" { "b" } else { "a" };
                let changed = format!("{}{another}{}", &text[..at], &text[at + 1..]);
                assert!(Token::read(kind, &changed).is_err(), "{at}");
            }
        }
        for text in ["", "st_", "st_ü", "sk_live_x"] {
            assert!(Token::read(TokenKind::Session, text).is_err(), "{text}");
        }
    }
}
