//! The key of one scope.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use super::{Open, SealError, Sealed, cipher, mac::hmac};

const PREFIX: &str = "s1.";
const SEAL_AAD: &[u8] = b"campanile.seal.1";
const DIGEST_LABEL: &[u8] = b"campanile/v1/digest/";

/// What seals the personal text of one workspace or organization. Wiped when it is dropped.
pub struct DataKey {
    scope: Uuid,
    key: Zeroizing<[u8; 32]>,
}

impl DataKey {
    /// The key of `scope`; the bytes come from [`crate::random`] or from where they were kept.
    pub fn new(scope: Uuid, key: Zeroizing<[u8; 32]>) -> Self {
        Self { scope, key }
    }

    /// The workspace or organization it belongs to.
    pub const fn scope(&self) -> Uuid {
        self.scope
    }

    /// Seals text for one field, such as `post.body`. Fields' names are for ever: text opens under the name it was sealed
    /// for.
    pub fn seal(&self, field: &str, open: &Open) -> Sealed {
        let bytes = cipher::encrypt(&self.key, &self.aad(field), open.as_str().as_bytes());
        Sealed::from_stored(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens what was sealed for the same field.
    pub fn open(&self, field: &str, sealed: &Sealed) -> Result<Open, SealError> {
        let text = sealed.as_str().strip_prefix(PREFIX).ok_or(SealError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Malformed)?;
        let mut plain = cipher::decrypt(&self.key, &self.aad(field), &bytes)?;
        match String::from_utf8(std::mem::take(&mut *plain)) {
            Ok(text) => Ok(Open::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(SealError::Malformed)
            }
        }
    }

    /// A keyed digest, 64 hexadecimal characters: equal bytes of one scope and purpose have equal digests, and nobody
    /// without the key can try out what they were. For blind indexes, claims and content digests.
    pub fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
        let key = hmac(&self.key, &[DIGEST_LABEL, purpose.as_bytes()]);
        hex::encode(*hmac(&key, &[bytes]))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// The scope has a fixed width and the field stands last, so no two places share their bytes.
    fn aad(&self, field: &str) -> Vec<u8> {
        [SEAL_AAD, self.scope.as_bytes(), field.as_bytes()].concat()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("scope", &self.scope).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(scope: u128, byte: u8) -> DataKey {
        DataKey::new(Uuid::from_u128(scope), Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_was_sealed_once_opens_for_ever() {
        let stored = "s1.qLDk8QSfFVNvYlkd1uJMD13oz27JqI6MDxldZiDDbqT7yzLoaNdb_div5VVFkVs2fwCGpswJk7vbYoz5REObEw";
        let opened = key(1, 7).open("post.body", &Sealed::from_stored(stored)).unwrap();
        assert_eq!(opened.as_str(), "Grüße aus Zürich 🔔");
    }

    #[test]
    fn digests_are_keyed_and_told_apart_by_purpose() {
        assert_eq!(
            key(1, 7).digest("account.handle", b"@ada"),
            "a5fc0ce507a75a41010b6b680ddb9e7fd214c22027828a662c06dbbfbe254d56"
        );
        let digest = key(1, 7).digest("a", b"x");
        assert_eq!(digest, key(1, 7).digest("a", b"x"));
        for other in [key(1, 7).digest("b", b"x"), key(1, 7).digest("a", b"y"), key(1, 8).digest("a", b"x")] {
            assert_ne!(digest, other);
        }
        assert_ne!(key(1, 7).digest("ab", b"c"), key(1, 7).digest("a", b"bc"));
    }

    #[test]
    fn nothing_secret_shows() {
        let shown = format!("{:?}", key(1, 0xab));
        assert_eq!(shown, "DataKey { scope: 00000000-0000-0000-0000-000000000001, .. }");
        let sealed = key(1, 7).seal("post.body", &"hush".into());
        let error = key(1, 0xab).open("post.body", &sealed).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hush") && !shown.contains("body") && !shown.contains("abab"), "{shown}");
    }

    #[test]
    fn sealed_bytes_that_are_no_text_are_refused() {
        let key = key(1, 7);
        let bytes = cipher::encrypt(key.bytes(), &key.aad("f"), &[0xff]);
        let sealed = Sealed::from_stored(format!("s1.{}", URL_SAFE_NO_PAD.encode(bytes)));
        assert!(matches!(key.open("f", &sealed), Err(SealError::Malformed)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn sealed_text_opens_in_its_field_and_scope_alone(
            text in any::<String>(), field in "[a-z.]{0,12}", other in "[a-z.]{0,12}",
            at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.=-]",
        ) {
            prop_assume!(field != other);
            let sealed = key(1, 7).seal(&field, &Open::new(text.as_str()));
            prop_assert!(sealed.as_str().starts_with("s1."));
            let opened = key(1, 7).open(&field, &sealed).unwrap();
            prop_assert_eq!(opened.as_str(), text.as_str());
            prop_assert!(matches!(key(1, 7).open(&other, &sealed), Err(SealError::Mismatch)));
            prop_assert!(matches!(key(2, 7).open(&field, &sealed), Err(SealError::Mismatch)));
            prop_assert!(matches!(key(1, 8).open(&field, &sealed), Err(SealError::Mismatch)));

            let stored = sealed.as_str();
            let at = at.index(stored.len());
            let cut = Sealed::from_stored(&stored[..at]);
            prop_assert!(key(1, 7).open(&field, &cut).is_err());
            let changed = format!("{}{letter}{}", &stored[..at], &stored[at + 1..]);
            if changed != stored {
                prop_assert!(key(1, 7).open(&field, &Sealed::from_stored(changed)).is_err());
            }
        }

        #[test]
        fn text_that_nobody_sealed_is_an_error(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            prop_assert!(key(1, 7).open("f", &Sealed::from_stored(text.as_str())).is_err());
            let prefixed = Sealed::from_stored(format!("s1.{text}"));
            prop_assert!(key(1, 7).open("f", &prefixed).is_err());
            let encoded = format!("s1.{}", URL_SAFE_NO_PAD.encode(bytes));
            prop_assert!(key(1, 7).open("f", &Sealed::from_stored(encoded)).is_err());
        }
    }
}
