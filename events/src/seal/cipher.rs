//! XChaCha20-Poly1305 with a random nonce in front: nonces of 24 bytes can be drawn for ever without one coming twice.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use super::SealError;
use crate::random;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Nonce and ciphertext of `plain`; `aad` must be given again to open it.
pub(super) fn encrypt(key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = random::bytes::<NONCE_BYTES>();
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad })
        .expect("a plaintext in memory is shorter than the cipher's 256 GiB");
    [nonce.as_slice(), &ciphertext].concat()
}

pub(super) fn decrypt(key: &[u8; 32], aad: &[u8], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Malformed)?;
    if ciphertext.len() < TAG_BYTES {
        return Err(SealError::Malformed);
    }
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad })
        .map(Zeroizing::new)
        .map_err(|_| SealError::Mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cipher_is_that_of_the_draft() {
        // draft-irtf-cfrg-xchacha-03, A.3.1.
        let key = std::array::from_fn(|at| 0x80 + at as u8);
        let nonce: Vec<u8> = (0x40..0x58).collect();
        let aad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let ciphertext = hex::decode(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
             ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        )
        .unwrap();
        let plain = decrypt(&key, &aad, &[nonce, ciphertext].concat()).unwrap();
        assert_eq!(
            std::str::from_utf8(&plain).unwrap(),
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
             sunscreen would be it."
        );
    }

    #[test]
    fn the_same_text_is_never_the_same_ciphertext() {
        assert_ne!(encrypt(&[1; 32], b"", b"a"), encrypt(&[1; 32], b"", b"a"));
    }
}
