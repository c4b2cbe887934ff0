//! The secret of an API key: `sk_live_` or `sk_test_`, 30 random letters and digits, and a checksum of 6 more, so that a
//! scanner can tell a real one without asking anybody.

use campanile_events::{key::KeyMode, random};
use secrecy::{ExposeSecret, SecretString};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LIVE: &str = "sk_live_";
const TEST: &str = "sk_test_";
const RANDOM: usize = 30;
/// How many letters the checksum has.
pub(super) const CHECKSUM: usize = 6;
/// How much of a secret may be shown.
const SHOWN: usize = 12;

/// A secret whose checksum is right. Whether it opens anything is another question.
#[derive(Debug, Clone)]
pub struct KeySecret(SecretString);

/// Not a secret of ours, or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key's secret")]
pub struct InvalidSecret;

impl KeySecret {
    /// A new one.
    pub fn generate(mode: KeyMode) -> Self {
        let mut secret = match mode {
            KeyMode::Live => LIVE,
            KeyMode::Test => TEST,
        }
        .to_owned();
        letters(&mut secret, RANDOM);
        secret.push_str(&checksum(&secret));
        Self(secret.into())
    }

    /// Takes what a client sent, if its form and checksum are right.
    ///
    /// # Errors
    /// If they aren't: no such key can exist.
    pub fn read(text: &str) -> Result<Self, InvalidSecret> {
        let rest = text.strip_prefix(LIVE).or_else(|| text.strip_prefix(TEST)).ok_or(InvalidSecret)?;
        if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidSecret);
        }
        let (before, given) = text.split_at(text.len() - CHECKSUM);
        if checksum(before) != given {
            return Err(InvalidSecret);
        }
        Ok(Self(text.to_owned().into()))
    }

    /// The letters that may be shown, to recognise it by.
    pub fn prefix(&self) -> &str {
        &self.expose()[..SHOWN]
    }

    /// The secret itself: for its verifier, and for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// So many more letters and digits, by chance.
pub(super) fn letters(text: &mut String, count: usize) {
    let end = text.len() + count;
    while text.len() < end {
        // Bytes past the last whole round of the alphabet would make some letters likelier than others.
        let fair = random::bytes::<32>().into_iter().filter(|byte| *byte < 248);
        let letters = fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(letters.take(end - text.len()));
    }
}

/// CRC-32 in base 62, the highest digit first, with leading zeros.
pub(super) fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_as_it_was_made() {
        for (mode, prefix) in [(KeyMode::Live, LIVE), (KeyMode::Test, TEST)] {
            let secret = KeySecret::generate(mode);
            assert!(secret.expose().starts_with(prefix));
            assert_eq!(secret.expose().len(), prefix.len() + RANDOM + CHECKSUM);
            assert_eq!(secret.prefix(), &secret.expose()[..12]);
            assert!(KeySecret::read(secret.expose()).is_ok());
            assert!(!format!("{secret:?}").contains(&secret.expose()[8..]));
        }
        assert_ne!(KeySecret::generate(KeyMode::Live).expose(), KeySecret::generate(KeyMode::Live).expose());
    }

    #[test]
    fn one_changed_letter_is_noticed() {
        let secret = KeySecret::generate(KeyMode::Live);
        let text = secret.expose();
        for at in 0..text.len() {
            let other = if &text[at..=at] == "a" { "b" } else { "a" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(KeySecret::read(&changed).is_err(), "{at}");
        }
        for text in ["", "sk_live_", "st_live_x", "sk_live_ü", &text[..text.len() - 1], &format!("{text}0")] {
            assert!(KeySecret::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_checksum_is_crc32_in_base_62() {
        // CRC-32 of the check text is 0xCBF43926.
        assert_eq!(checksum("123456789"), "3jZRME");
    }
}
