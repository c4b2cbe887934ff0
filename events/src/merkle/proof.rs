//! Proofs of RFC 6962, section 2.1, made from the leaves; checked as RFC 9162, section 2.1.3 and 2.1.4, says.
//!
//! Indices count from 0: the leaf of position `n` has index `n - 1`.

use super::hashing::{empty_root, node_hash};
use crate::journal::Hash;

/// The root over these leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(root_of(left), root_of(right))
        }
    }
}

/// The hashes that lead from the leaf at `index` to the root over `leaves`, the lowest first; `None` if there is no such
/// leaf.
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut at = usize::try_from(index).ok().filter(|at| *at < leaves.len())?;
    let mut leaves = leaves;
    let mut proof = Vec::new();
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if at < left.len() {
            proof.push(root_of(right));
            leaves = left;
        } else {
            proof.push(root_of(left));
            at -= left.len();
            leaves = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves under `root`.
#[must_use]
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(*sibling, hash);
            climb_to_right_child(&mut at, &mut last);
        } else {
            hash = node_hash(hash, *sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// The hashes that show that the tree over the first `old_size` leaves is the beginning of the tree over all `leaves`;
/// `None` if there aren't as many. Empty where both trees are the same or the old one has no leaves.
pub fn consistency_proof(leaves: &[Hash], old_size: u64) -> Option<Vec<Hash>> {
    let mut old = usize::try_from(old_size).ok().filter(|old| *old <= leaves.len())?;
    let mut proof = Vec::new();
    if old == 0 {
        return Some(proof);
    }
    let mut leaves = leaves;
    // As long as the way went left only, the old tree's root is what the verifier holds already.
    let mut known = true;
    while old < leaves.len() {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if old <= left.len() {
            proof.push(root_of(right));
            leaves = left;
        } else {
            proof.push(root_of(left));
            old -= left.len();
            leaves = right;
            known = false;
        }
    }
    if !known {
        proof.push(root_of(leaves));
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that the tree of `old_size` leaves under `old_root` is the beginning of the tree of `new_size`
/// leaves under `new_root`.
#[must_use]
pub fn verify_consistency(old_size: u64, old_root: Hash, new_size: u64, new_root: Hash, proof: &[Hash]) -> bool {
    if old_size > new_size {
        return false;
    }
    if old_size == 0 {
        return proof.is_empty() && old_root == empty_root() && (new_size > 0 || new_root == old_root);
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    let complete = at.trailing_ones();
    at >>= complete;
    last >>= complete;
    // An old tree that is one complete subtree is a node of the new tree itself, and isn't repeated in the proof.
    let (start, proof) = match proof {
        proof if old_size.is_power_of_two() => (old_root, proof),
        [first, proof @ ..] => (*first, proof),
        [] => return false,
    };
    let (mut old_hash, mut new_hash) = (start, start);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(*sibling, old_hash);
            new_hash = node_hash(*sibling, new_hash);
            climb_to_right_child(&mut at, &mut last);
        } else {
            new_hash = node_hash(new_hash, *sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old_root && new_hash == new_root
}

/// The tree's right edge has levels without a sibling: they are skipped.
fn climb_to_right_child(at: &mut u64, last: &mut u64) {
    while *at & 1 == 0 && *at != 0 {
        *at >>= 1;
        *last >>= 1;
    }
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}
