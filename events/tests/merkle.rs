//! The tree against an implementation that isn't ours, and leaves against vectors that were made by another program.

use campanile_events::{
    ids::{EventId, Position, Version},
    journal::{Actor, Claim, ClaimAction, Counted, Hash, Metadata, Recorded, StreamId},
    merkle::{
        Frontier, Leaf, consistency_proof, inclusion_proof, leaf_bytes_hash, leaf_hash, root_of, verify_consistency,
        verify_inclusion,
    },
};
use chrono::DateTime;
use ct_merkle::{ConsistencyProof, InclusionProof, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

#[derive(Deserialize)]
struct Vector {
    about: String,
    event: Event,
    encoding: String,
    leaf_hash: String,
}

#[derive(Deserialize)]
struct Event {
    position: u64,
    id: Uuid,
    workspace: Uuid,
    workspace_number: u64,
    stream: Stream,
    version: u64,
    #[serde(rename = "event_type")]
    name: String,
    schema: u16,
    recorded_at_micros: i64,
    metadata: Origin,
    claims: Vec<Claim>,
    payload: String,
}

#[derive(Deserialize)]
struct Stream {
    kind: String,
    id: Uuid,
}

#[derive(Deserialize)]
struct Origin {
    actor: String,
    request_id: Option<String>,
    causation: Option<Uuid>,
    correlation: Option<Uuid>,
    counted: Option<Box<Counted>>,
}

impl Event {
    fn recorded(self) -> Recorded {
        Recorded {
            position: Position(self.position),
            id: self.id.into(),
            workspace: self.workspace.into(),
            workspace_number: self.workspace_number,
            stream: StreamId::new(self.stream.kind.parse().expect("a known kind"), self.stream.id),
            version: Version(self.version),
            event_type: self.name,
            schema: self.schema,
            payload: self.payload,
            metadata: Metadata {
                actor: Actor::of(self.metadata.actor),
                request_id: self.metadata.request_id,
                causation: self.metadata.causation.map(EventId::from),
                correlation: self.metadata.correlation,
                counted: self.metadata.counted,
            },
            claims: self.claims,
            recorded_at: DateTime::from_timestamp_micros(self.recorded_at_micros).expect("an instant"),
            leaf_hash: Hash::default(),
        }
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors/leaves.json")).expect("the vectors are JSON")
}

#[test]
fn leaves_are_encoded_as_the_vectors_say() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let event = vector.event.recorded();
        assert_eq!(hex::encode(Leaf::of(&event).encode()), vector.encoding, "{}", vector.about);
        assert_eq!(leaf_hash(&Leaf::of(&event)).to_string(), vector.leaf_hash, "{}", vector.about);
    }
}

fn counted(event: &mut Recorded) -> &mut Counted {
    event.metadata.counted.as_mut().expect("it counts")
}

type Change = (&'static str, fn(&mut Recorded));

#[test]
fn every_part_of_an_event_moves_its_leaf() {
    let event = vectors().swap_remove(4).event.recorded();
    let changes: [Change; 24] = [
        ("position", |event| event.position.0 += 1),
        ("id", |event| event.id = EventId::default()),
        ("workspace", |event| event.workspace = Uuid::nil().into()),
        ("workspace number", |event| event.workspace_number += 1),
        ("stream kind", |event| event.stream.kind = campanile_events::journal::StreamKind::Post),
        ("stream id", |event| event.stream.id = Uuid::nil()),
        ("version", |event| event.version.0 += 1),
        ("event type", |event| event.event_type.push('x')),
        ("schema", |event| event.schema += 1),
        ("payload", |event| event.payload.push(' ')),
        ("recorded at", |event| event.recorded_at += chrono::Duration::microseconds(1)),
        ("actor", |event| event.metadata.actor = Actor::engine()),
        ("request id", |event| event.metadata.request_id = None),
        ("causation", |event| event.metadata.causation = None),
        ("correlation", |event| event.metadata.correlation = None),
        ("what it counts", |event| event.metadata.counted = None),
        ("the plan", |event| counted(event).plan.push('x')),
        ("the quota", |event| counted(event).quota.push('x')),
        ("the amount", |event| counted(event).amount += 1),
        ("the most", |event| counted(event).most += 1),
        ("claims' order", |event| event.claims.reverse()),
        ("a claim's action", |event| event.claims[0].action = ClaimAction::Take),
        ("a claim's kind", |event| event.claims[0].kind.push('x')),
        ("a letter moved from kind to value", |event| {
            event.claims[0] = Claim::release("accoun", "t6d3c");
        }),
    ];
    let before = leaf_hash(&Leaf::of(&event));
    for (part, change) in changes {
        let mut forged = event.clone();
        change(&mut forged);
        assert_ne!(leaf_hash(&Leaf::of(&forged)), before, "{part}");
    }
    let rehashed = Recorded { leaf_hash: Hash([9; 32]), ..event };
    assert_eq!(leaf_hash(&Leaf::of(&rehashed)), before);
}

struct Trees {
    ours: Vec<Hash>,
    frontier: Frontier,
    theirs: MemoryBackedTree<Sha256, Vec<u8>>,
}

fn trees(size: u64) -> Trees {
    let mut trees = Trees { ours: Vec::new(), frontier: Frontier::default(), theirs: MemoryBackedTree::new() };
    for number in 0..size {
        let bytes = number.to_be_bytes();
        trees.ours.push(leaf_bytes_hash(&bytes));
        trees.frontier.push(leaf_bytes_hash(&bytes));
        trees.theirs.push(bytes.to_vec());
    }
    trees
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn roots_agree_at_every_size() {
    for size in 0..=300 {
        let trees = trees(size);
        let theirs = trees.theirs.root();
        assert_eq!(trees.frontier.root().0.as_slice(), theirs.as_bytes().as_slice(), "{size}");
        assert_eq!(root_of(&trees.ours), trees.frontier.root(), "{size}");
        assert_eq!(trees.frontier.size(), theirs.num_leaves());
    }
}

#[test]
fn small_trees_are_proven_at_every_index_and_size() {
    for size in 0..=33_u64 {
        let tree = trees(size);
        let root = root_of(&tree.ours);
        for index in 0..size {
            let proof = inclusion_proof(&tree.ours, index).unwrap();
            assert!(verify_inclusion(tree.ours[index as usize], index, size, &proof, root), "{index} of {size}");
            for other in (0..=size).filter(|other| *other != index) {
                assert!(!verify_inclusion(tree.ours[index as usize], other, size, &proof, root));
            }
        }
        assert_eq!(inclusion_proof(&tree.ours, size), None);
        for old in 0..=size {
            let proof = consistency_proof(&tree.ours, old).unwrap();
            let old_root = root_of(&tree.ours[..old as usize]);
            assert!(verify_consistency(old, old_root, size, root, &proof), "{old} to {size}");
            if old > 0 && old < size {
                assert!(!verify_consistency(old, Hash([7; 32]), size, root, &proof));
                assert!(!verify_consistency(old, old_root, size, Hash([7; 32]), &proof));
                assert!(!verify_consistency(size, root, old, old_root, &proof));
            }
        }
        assert_eq!(consistency_proof(&tree.ours, size + 1), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inclusion_proofs_are_theirs(size in 1_u64..300, at in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let tree = trees(size);
        let index = at.index(size as usize) as u64;
        let root = root_of(&tree.ours);
        let proof = inclusion_proof(&tree.ours, index).unwrap();
        let theirs = tree.theirs.prove_inclusion(index as usize);
        prop_assert_eq!(bytes(&proof), theirs.as_bytes());
        let ours = InclusionProof::from_bytes(bytes(&proof));
        prop_assert!(tree.theirs.root().verify_inclusion(&index.to_be_bytes().to_vec(), index, &ours).is_ok());
        prop_assert!(verify_inclusion(tree.ours[index as usize], index, size, &proof, root));

        let longer = [proof.as_slice(), &[root]].concat();
        prop_assert!(!verify_inclusion(tree.ours[index as usize], index, size, &longer, root));
        if !proof.is_empty() {
            let mut forged = proof.clone();
            let bit = bit.index(forged.len() * 256);
            forged[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(tree.ours[index as usize], index, size, &forged, root));
            prop_assert!(!verify_inclusion(tree.ours[index as usize], index, size, &proof[1..], root));
        }
    }

    #[test]
    fn consistency_proofs_are_theirs(size in 1_u64..300, at in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let tree = trees(size);
        let old = at.index(size as usize) as u64 + 1;
        let (old_root, root) = (root_of(&tree.ours[..old as usize]), root_of(&tree.ours));
        let proof = consistency_proof(&tree.ours, old).unwrap();
        let theirs = tree.theirs.prove_consistency((size - old) as usize);
        prop_assert_eq!(bytes(&proof), theirs.as_bytes());
        let ours = ConsistencyProof::<Sha256>::try_from_bytes(bytes(&proof)).unwrap();
        prop_assert!(tree.theirs.root().verify_consistency(&trees(old).theirs.root(), &ours).is_ok());
        prop_assert!(verify_consistency(old, old_root, size, root, &proof));

        let longer = [proof.as_slice(), &[root]].concat();
        prop_assert!(!verify_consistency(old, old_root, size, root, &longer));
        if !proof.is_empty() {
            let mut forged = proof.clone();
            let bit = bit.index(forged.len() * 256);
            forged[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_consistency(old, old_root, size, root, &forged));
            prop_assert!(!verify_consistency(old, old_root, size, root, &proof[1..]));
        }
    }

    #[test]
    fn no_claimed_proof_makes_the_verifiers_panic(
        index in any::<u64>(),
        size in any::<u64>(),
        proof in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        prop_assert!(!verify_inclusion(Hash([1; 32]), index, size, &proof, Hash([2; 32])));
        prop_assert!(!verify_consistency(index, Hash([1; 32]), size, Hash([2; 32]), &proof));
    }

    #[test]
    fn reading_a_frontier_takes_whole_frontiers_alone(
        size in 0_u64..64,
        hashes in prop::collection::vec(any::<u8>(), 0..7 * 32),
        whole in any::<bool>(),
    ) {
        let fitting = size.count_ones() as usize * 32;
        let hashes = if whole { vec![1; fitting] } else { hashes };
        let bytes = [size.to_be_bytes().as_slice(), &hashes].concat();
        let read = Frontier::from_bytes(&bytes);
        prop_assert_eq!(read.is_ok(), hashes.len() == fitting);
        if let Ok(frontier) = read {
            prop_assert_eq!(frontier.to_bytes(), bytes);
        }
    }
}
