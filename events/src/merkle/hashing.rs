//! The three hashes of RFC 6962, section 2.1.

use sha2::{Digest, Sha256};

use crate::journal::Hash;

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest(b"").into())
}

/// `SHA256(0x00 || bytes)`: the prefix keeps a leaf from passing for an inner node.
pub fn leaf_bytes_hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// `SHA256(0x01 || left || right)`.
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}
