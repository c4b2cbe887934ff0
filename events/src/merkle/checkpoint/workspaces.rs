//! The second tree of a checkpoint: every workspace and its last number.

use super::super::{hashing::leaf_bytes_hash, proof::root_of};
use crate::{ids::WorkspaceId, journal::Hash};

const TAG: &[u8] = b"campanile.workspace";
const ENCODING_VERSION: u8 = 1;

/// The leaf of one workspace: `SHA256(0x00 || encoding)`, where the encoding is the 19 ASCII bytes `campanile.workspace`,
/// `0x01`, the UUID inside the workspace's id (16 bytes; all zero for what belongs to the whole engine) and the number of
/// its last event (8 bytes, big-endian).
pub fn workspace_leaf(workspace: WorkspaceId, last_number: u64) -> Hash {
    let uuid = workspace.uuid();
    leaf_bytes_hash(&[TAG, &[ENCODING_VERSION], uuid.as_bytes(), &last_number.to_be_bytes()].concat())
}

/// The RFC 6962 root over the leaves of all workspaces that have an event, in the order of their UUIDs' bytes, whatever
/// order they are given in. Each workspace stands in `numbers` once.
pub fn workspaces_root(numbers: &[(WorkspaceId, u64)]) -> Hash {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    let leaves: Vec<Hash> = numbers.into_iter().map(|(workspace, last)| workspace_leaf(workspace, last)).collect();
    root_of(&leaves)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::merkle::{empty_root, node_hash};

    #[test]
    fn the_root_is_over_the_sorted_workspaces() {
        let nil = WorkspaceId::default();
        let other = WorkspaceId::from(Uuid::from_u128(0x0192_b4f0_1234_7000_8000_0000_0000_00a1));
        assert_eq!(workspaces_root(&[]), empty_root());
        assert_eq!(workspaces_root(&[(nil, 3)]), workspace_leaf(nil, 3));
        let root = node_hash(workspace_leaf(nil, 3), workspace_leaf(other, 4812));
        assert_eq!(workspaces_root(&[(other, 4812), (nil, 3)]), root);
        assert_ne!(workspaces_root(&[(other, 4811), (nil, 3)]), root);
    }

    #[test]
    fn a_workspace_s_leaf_is_these_bytes() {
        let workspace = WorkspaceId::from(Uuid::from_u128(0x0192_b4f0_1234_7000_8000_0000_0000_00a1));
        assert_eq!(
            workspace_leaf(workspace, 4812).to_string(),
            "0d40c4d3bf58d6de99262a7b87acd4755667e9f8abb82b7214c2ef2f38f08521"
        );
    }
}
