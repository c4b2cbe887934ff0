//! The operator's secret.

use std::{fmt, sync::Arc};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{SealError, cipher, mac::hmac};
use crate::random;

/// Leads a wrapped secret, so that another form can follow.
const WRAPPED_VERSION: u8 = 1;
/// No purpose's label is this one: what derives keys never gets the key that wraps.
const WRAPPING_LABEL: &[u8] = b"campanile/wrapping/v1";
const PURPOSE_LABEL: &[u8] = b"campanile/v1/";

/// 32 bytes that are kept outside the database; who has both reads everything. Clones share them, and they are wiped with
/// the last.
#[derive(Clone)]
pub struct MasterKey(Arc<Zeroizing<[u8; 32]>>);

/// A text that is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hexadecimal characters")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// A new one, from the operating system's generator.
    pub fn generate() -> Self {
        Self(Arc::new(Zeroizing::new(random::bytes())))
    }

    /// The key that 64 hexadecimal characters tell; space around them, such as a file's last newline, is left out.
    pub fn from_hex(text: &str) -> Result<Self, InvalidMasterKey> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| InvalidMasterKey)?;
        Ok(Self(Arc::new(key)))
    }

    /// For the command that prints a new key, and the file that keeps it.
    pub fn to_hex(&self) -> SecretString {
        hex::encode(self.0.as_slice()).into()
    }

    /// The key for one purpose: HMAC-SHA-256 of `campanile/v1/` and the purpose under the master key. Purposes are for
    /// ever: what was made with a derived key is lost when its purpose is renamed.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        hmac(&self.0, &[PURPOSE_LABEL, purpose.as_bytes()])
    }

    /// Seals a secret for the database: a version byte, a nonce (24), the ciphertext. `aad` names its place, so that
    /// nobody can move it to another.
    pub fn wrap(&self, aad: &[u8], secret: &[u8]) -> Vec<u8> {
        let mut wrapped = vec![WRAPPED_VERSION];
        wrapped.extend(cipher::encrypt(&self.wrapping_key(), aad, secret));
        wrapped
    }

    /// Opens what [`Self::wrap`] sealed for the same place.
    pub fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match wrapped.split_first() {
            Some((&WRAPPED_VERSION, bytes)) => cipher::decrypt(&self.wrapping_key(), aad, bytes),
            _ => Err(SealError::Malformed),
        }
    }

    /// Opens a wrapped key of 32 bytes; whatever is wrong with it, this master key doesn't open it.
    pub(super) fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let bytes = self.unwrap(aad, wrapped).map_err(|_| SealError::WrongMasterKey)?;
        let key = bytes.as_slice().try_into().map_err(|_| SealError::WrongMasterKey)?;
        Ok(Zeroizing::new(key))
    }

    fn wrapping_key(&self) -> Zeroizing<[u8; 32]> {
        hmac(&self.0, &[WRAPPING_LABEL])
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn master() -> MasterKey {
        MasterKey::from_hex(&"ab".repeat(32)).unwrap()
    }

    #[test]
    fn keys_read_as_they_are_written() {
        let key = MasterKey::generate();
        let text = key.to_hex();
        assert_eq!(text.expose_secret().len(), 64);
        let read = MasterKey::from_hex(&format!(" {}\n", text.expose_secret())).unwrap();
        assert_eq!(read.derive("a"), key.derive("a"));
        assert_ne!(MasterKey::generate().derive("a"), key.derive("a"));
        for text in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"xy".repeat(32), &"ü".repeat(32)] {
            assert_eq!(MasterKey::from_hex(text).unwrap_err(), InvalidMasterKey, "{text}");
        }
    }

    #[test]
    fn derived_keys_are_these() {
        assert_eq!(
            hex::encode(*master().derive("api-key-pepper")),
            "198a83a11d6a1f417c953dc3c2d04718af288291347c136468e05498efc5e908"
        );
        assert_ne!(master().derive("a"), master().derive("b"));
        assert_ne!(master().derive("wrapping"), master().wrapping_key());
    }

    #[test]
    fn nothing_secret_shows() {
        assert_eq!(format!("{:?}", master()), "MasterKey { .. }");
        assert!(!format!("{:?}", master().to_hex()).contains("abab"));
        let error = master().unwrap(b"place", &MasterKey::generate().wrap(b"place", b"hush")).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hush") && !shown.contains("place") && !shown.contains("abab"), "{shown}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_wrapped_secret_opens_in_its_place_alone(
            place in any::<Vec<u8>>(), other in any::<Vec<u8>>(), secret in any::<Vec<u8>>(),
            at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            prop_assume!(place != other);
            let wrapped = master().wrap(&place, &secret);
            let opened = master().unwrap(&place, &wrapped).unwrap();
            prop_assert_eq!(opened.as_slice(), secret.as_slice());
            prop_assert!(matches!(master().unwrap(&other, &wrapped), Err(SealError::Mismatch)));
            prop_assert!(matches!(MasterKey::generate().unwrap(&place, &wrapped), Err(SealError::Mismatch)));
            prop_assert!(master().unwrap(&place, &wrapped[..at.index(wrapped.len())]).is_err());
            let mut changed = wrapped.clone();
            changed[at.index(wrapped.len())] ^= 1 << bit;
            prop_assert!(master().unwrap(&place, &changed).is_err());
            prop_assert!(master().unwrap(&place, &secret).is_err());
        }
    }
}
