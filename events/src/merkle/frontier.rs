//! The right edge of the tree: one hash for each complete subtree, the largest first.

use super::hashing::{empty_root, node_hash};
use crate::journal::Hash;

const SIZE_BYTES: usize = 8;
const HASH_BYTES: usize = 32;

/// What must be known of a tree to add leaves to it and to name its root.
///
/// Kept in the log's head row, in the append's transaction. As bytes: the size (8, big-endian), then one hash (32) for each
/// bit that is set in the size, the highest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

/// Bytes that are not a frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFrontier {
    /// Not as many hashes as the size asks for, or no size at all.
    #[error("{found} bytes can't be a frontier")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// More leaves than a log can have positions.
    #[error("a frontier of {0} leaves is past what a log holds")]
    Size(u64),
}

impl Frontier {
    /// Adds the next leaf's hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("a frontier has one subtree for each bit of its size");
            hash = node_hash(left, hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        self.subtrees.iter().rev().copied().reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root)
    }

    /// As it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_BYTES + self.subtrees.len() * HASH_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for subtree in &self.subtrees {
            bytes.extend_from_slice(&subtree.0);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidFrontier> {
        let wrong_length = InvalidFrontier::Length { found: bytes.len() };
        let (size, hashes) = bytes.split_first_chunk::<SIZE_BYTES>().ok_or(wrong_length)?;
        let size = u64::from_be_bytes(*size);
        if i64::try_from(size).is_err() {
            return Err(InvalidFrontier::Size(size));
        }
        let (hashes, rest) = hashes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || hashes.len() != size.count_ones() as usize {
            return Err(wrong_length);
        }
        Ok(Self { size, subtrees: hashes.iter().copied().map(Hash).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_bytes_hash;

    #[test]
    fn roots_are_those_of_rfc_6962() {
        // The leaves and roots that the Certificate Transparency project publishes as its reference.
        let leaves =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (leaf, root) in leaves.into_iter().zip(roots) {
            frontier.push(leaf_bytes_hash(&hex::decode(leaf).unwrap()));
            assert_eq!(frontier.root().to_string(), root);
        }
        assert_eq!(frontier.size(), 8);
    }

    #[test]
    fn stored_frontiers_go_on_where_they_stopped() {
        let mut kept = Frontier::default();
        for number in 0..200_u8 {
            let mut read = Frontier::from_bytes(&kept.to_bytes()).unwrap();
            assert_eq!(read, kept);
            assert!(kept.to_bytes().len() <= 8 + 64 * 32);
            kept.push(Hash([number; 32]));
            read.push(Hash([number; 32]));
            assert_eq!(read.root(), kept.root());
        }
    }

    #[test]
    fn what_is_no_frontier_is_refused() {
        let mut frontier = Frontier::default();
        (0..5).for_each(|number| frontier.push(Hash([number; 32])));
        let bytes = frontier.to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(Frontier::from_bytes(&bytes[..length]), Err(InvalidFrontier::Length { found: length }));
        }
        let longer = [bytes.as_slice(), &[0; 32]].concat();
        assert_eq!(Frontier::from_bytes(&longer), Err(InvalidFrontier::Length { found: longer.len() }));
        let endless = [u64::MAX.to_be_bytes().as_slice(), &[0; 64 * 32]].concat();
        assert_eq!(Frontier::from_bytes(&endless), Err(InvalidFrontier::Size(u64::MAX)));
    }
}
