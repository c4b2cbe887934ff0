//! What must be there afterwards.

use std::fs;

use campanile_events::{
    db::Durability,
    ids::Position,
    journal::{Hash, Head, Recorded},
    merkle::{Leaf, consistency_proof, inclusion_proof, leaf_hash, root_of, verify_consistency, verify_inclusion},
};

use crate::{
    chance::Chance,
    disk::Image,
    load::{Said, open, until_dark},
    power::Power,
};

/// How many writes and syncs there are between two cuts, at most.
const OPERATIONS: u64 = 400;
/// After so many cuts the disk is a new one.
const LIFE: u64 = 5;

/// What became of journals whose power was cut.
#[derive(Debug, Default)]
struct Outcome {
    acknowledged: usize,
    lost: usize,
    /// How many heads that were seen are not the beginning of the log that was found.
    broken: usize,
}

/// Cuts the power again and again; `None` where there is no FUSE.
async fn cut(durability: Durability, cuts: u64, seed: u64) -> Option<Outcome> {
    let (mut chance, mut outcome) = (Chance::of(seed), Outcome::default());
    let (mut image, mut said) = (Image::new(), Said::default());
    for cut in 0..cuts {
        if cut % LIFE == 0 {
            (image, said) = (Image::new(), Said::default());
        }
        let power = match Power::on(&image, chance.below(OPERATIONS), &mut chance) {
            Ok(power) => power,
            Err(why) => {
                println!("SKIPPED: the power is not cut: {why}");
                return None;
            }
        };
        let news = until_dark(&power.disk(), durability, &mut chance).await;
        let (left_over, went_dark) = power.back();
        assert!(went_dark, "the journal failed with the power on");
        image = left_over;
        let news = news.unwrap_or_default();
        outcome.acknowledged += news.acknowledged.len();
        said.add(news);
        let found = found(&image).await;
        let is_found = |event: &Recorded| found.get(event.position.0 as usize - 1) == Some(event);
        let before = said.acknowledged.len();
        said.acknowledged.retain(is_found);
        outcome.lost += before - said.acknowledged.len();
        let before = said.heads.len();
        said.heads.retain(|head| begins(&found, head));
        outcome.broken += before - said.heads.len();
        said.heads.drain(..said.heads.len().saturating_sub(3));
        prove(&found, &said.acknowledged, &mut chance);
    }
    Some(outcome)
}

/// Some of what was acknowledged, held against the root as anybody could.
fn prove(found: &[Recorded], acknowledged: &[Recorded], chance: &mut Chance) {
    let leaves = leaves(found);
    for _ in 0..acknowledged.len().min(3) {
        let event = &acknowledged[chance.below(acknowledged.len() as u64) as usize];
        let (index, size) = (event.position.0 - 1, leaves.len() as u64);
        let proof = inclusion_proof(&leaves, index).expect("it is in the log");
        let leaf = leaf_hash(&Leaf::of(event));
        assert!(verify_inclusion(leaf, index, size, &proof, root_of(&leaves)), "{event:?} can't be proved");
    }
}

fn leaves(found: &[Recorded]) -> Vec<Hash> {
    found.iter().map(|event| leaf_hash(&Leaf::of(event))).collect()
}

/// The whole log that is found on what is left over: without a hole, and with a head that fits.
async fn found(image: &Image) -> Vec<Recorded> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in image {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let (_, journal) = open(folder.path(), Durability::Full).await.expect("the journal opens on what is left over");
    let events = journal.read(Position(0), 1_000_000).await.expect("the log reads");
    let head = journal.head().await.expect("the head reads");
    assert_eq!(head.position.0, events.len() as u64, "the head is the last event");
    assert!(begins(&events, &head), "the root is that of the events");
    events
}

/// Whether a head is that of the log's beginning, and provably so.
fn begins(found: &[Recorded], head: &Head) -> bool {
    let leaves = leaves(found);
    let size = head.position.0;
    let Some(proof) = consistency_proof(&leaves, size) else { return size == 0 };
    verify_consistency(size, head.root, leaves.len() as u64, root_of(&leaves), &proof)
}

/// How often the power is cut.
fn cuts() -> u64 {
    let wanted = std::env::var("CAMPANILE_CUTS").ok();
    wanted.map_or(25, |wanted| wanted.parse().expect("CAMPANILE_CUTS is a whole number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_survives_a_loss_of_power() {
    let (seed, cuts) = (Chance::seed(), cuts());
    println!("record: seed {seed}, {cuts} cuts");
    let Some(outcome) = cut(Durability::Full, cuts, seed).await else { return };
    println!("record: {} events acknowledged, {} lost", outcome.acknowledged, outcome.lost);
    assert!(outcome.acknowledged > 0, "nothing was appended");
    assert_eq!((outcome.lost, outcome.broken), (0, 0), "lost; CAMPANILE_SEED={seed} CAMPANILE_CUTS={cuts} repeats it");
}

/// The disk would notice: what is not synced before it is acknowledged does not survive.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_journal_that_does_not_wait_for_the_disk_loses_some() {
    let Some(outcome) = cut(Durability::Normal, 10, Chance::seed()).await else { return };
    println!("record: unsynced: {} events acknowledged, {} lost", outcome.acknowledged, outcome.lost);
    assert!(outcome.lost > 0, "{outcome:?}");
}
