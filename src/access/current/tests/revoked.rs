//! What a key opens once its revocation was answered, on the other node.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::sync::Barrier;

use super::node::{House, Node};
use crate::access::{Denied, current::SETTLED};

const ROUNDS: usize = 1_000;
const AT_ONCE: usize = 50;
const ASKERS: usize = 3;
/// How often each asks once the answer is there.
const ASKED_AFTER: usize = 3;

/// Revokes a key on one node while the other is asked for it all the time.
async fn round(one: &Node, other: &Node, held: &AtomicUsize) {
    let (id, secret) = one.make_key().await;
    let answered = Arc::new(AtomicBool::new(false));
    let let_in = Arc::new(Barrier::new(ASKERS + 1));
    let askers = (0..ASKERS).map(|_| {
        let (other, secret, answered) = (other.clone(), secret.clone(), Arc::clone(&answered));
        let let_in = Arc::clone(&let_in);
        tokio::spawn(async move {
            other.ask(&secret).await.expect("it opens");
            let_in.wait().await;
            let (mut before, mut after) = (0, 0);
            while after < ASKED_AFTER {
                let is_after = answered.load(Ordering::SeqCst);
                match other.ask(&secret).await {
                    Ok(_) => {
                        assert!(!is_after, "a revoked key opened something");
                        before += 1;
                    }
                    Err(denied) => assert_eq!(denied, Denied::Revoked),
                }
                after += usize::from(is_after);
                tokio::task::yield_now().await;
            }
            before
        })
    });
    let askers: Vec<_> = askers.collect();
    let_in.wait().await;
    one.revoke(id).await;
    answered.store(true, Ordering::SeqCst);
    for asker in askers {
        held.fetch_add(asker.await.expect("no asker got in"), Ordering::Relaxed);
    }
}

async fn rounds(one: &Node, other: &Node) {
    let (held, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(ROUNDS)));
    let lanes = (0..AT_ONCE).map(|_| {
        let (one, other, held, left) = (one.clone(), other.clone(), Arc::clone(&held), Arc::clone(&left));
        tokio::spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                round(&one, &other, &held).await;
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.expect("no round failed");
    }
    assert!(held.load(Ordering::Relaxed) > 0, "some key opened something while it was being revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoked_key_opens_nothing_on_another_node() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    rounds(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_on_one_that_hears_nothing() {
    let house = House::build();
    let (one, other) = house.two(true).await;
    rounds(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_on_one_that_can_not_look() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    let (_, secret) = one.make_key().await;
    other.warm(&secret).await;
    other.journal.stop_looking().await;
    rounds(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_answer_waits_for_a_node_that_still_goes_by_its_memory() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    for _ in 0..20 {
        let (id, secret) = one.make_key().await;
        other.warm(&secret).await;
        // From here on the other's memory grows old, and is gone by for as long as it may be.
        other.journal.stop_looking().await;
        let began = Instant::now();
        one.revoke(id).await;
        assert!(began.elapsed() >= SETTLED, "nobody had said that the other knows");
        assert_eq!(other.ask(&secret).await.expect_err("revoked"), Denied::Revoked);
        other.journal.look_again();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_answer_does_not_wait_for_nodes_that_know() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    let mut quick = 0;
    for _ in 0..20 {
        let (id, secret) = one.make_key().await;
        other.warm(&secret).await;
        let began = Instant::now();
        one.revoke(id).await;
        quick += usize::from(began.elapsed() < SETTLED / 2);
    }
    assert!(quick >= 10, "only {quick} of 20 answers came at once");
    other.access.retire().await;
    one.access.retire().await;
    assert_eq!(house.listed(), 0, "who retires is waited for no more");
}
