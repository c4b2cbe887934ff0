//! The tree over the log: RFC 6962 with SHA-256, one leaf an event, leaf `n - 1` is position `n`.
//!
//! - [`Leaf`] is what is hashed of an event; its encoding is written down byte for byte in [`leaf`].
//! - [`Frontier`] is all that an append needs to know of the tree: at most 64 hashes, and they fix the root.
//! - [`checkpoint`]: signed statements of size and root, to be kept where the operator can't reach.
//! - [`inclusion_proof`] and [`consistency_proof`] are derived from the leaves; their counterparts check them without.
//!
//! What it doesn't do: keep leaves or inner nodes. The leaves are a column of the journal, and all else follows from them.

pub mod checkpoint;
mod frontier;
mod hashing;
pub mod leaf;
mod proof;

pub use frontier::{Frontier, InvalidFrontier};
pub use hashing::{empty_root, leaf_bytes_hash, node_hash};
pub use leaf::{Leaf, leaf_hash};
pub use proof::{consistency_proof, inclusion_proof, root_of, verify_consistency, verify_inclusion};
