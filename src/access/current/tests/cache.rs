//! When a node goes by what it remembers, and when it asks the database.

use std::time::{Duration, Instant};

use super::node::House;
use crate::access::{
    Denied,
    current::{FRESH, SETTLED},
};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_fresh_costs_the_database_nothing() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    let (_, secret) = one.make_key().await;
    other.warm(&secret).await;
    let before = other.journal.streams();
    let mut read = 0;
    for _ in 0..500 {
        other.ask(&secret).await.expect("it opens");
        read = other.journal.streams() - before;
    }
    // A machine that stands still for half a second may read now and then.
    assert!(read < 50, "{read} reads for 500 requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_old_is_read_each_time_until_it_is_fresh_again() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    let (id, secret) = one.make_key().await;
    other.warm(&secret).await;
    other.journal.stop_looking().await;
    let stopped = Instant::now();
    one.revoke_at_once(id).await;
    let mut began = Instant::now();
    while other.ask(&secret).await.is_ok() {
        assert!(began < stopped + FRESH, "old memory was gone by");
        tokio::task::yield_now().await;
        began = Instant::now();
    }
    // The last look may have read as far as the revocation: what is right is gone by no longer either.
    while stopped.elapsed() < FRESH {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        let before = other.journal.streams();
        assert_eq!(other.ask(&secret).await.expect_err("revoked"), Denied::Revoked);
        assert_eq!(other.journal.streams(), before + 1);
    }
    other.journal.look_again();
    let (_, next) = one.make_key().await;
    tokio::time::timeout(SOON, other.warm(&next)).await.expect("its memory is of use again");
    assert_eq!(other.ask(&secret).await.expect_err("revoked"), Denied::Revoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deaf_node_learns_of_changes_by_asking() {
    let house = House::build();
    let (one, _) = house.two(true).await;
    let deaf = house.deaf_node().await;
    let (id, secret) = one.make_key().await;
    deaf.warm(&secret).await;
    one.revoke_at_once(id).await;
    let learned = async {
        while deaf.ask(&secret).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, learned).await.expect("learned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_died_is_forgotten_while_others_run() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    let (id, secret) = one.make_key().await;
    other.warm(&secret).await;
    house.bury(301);
    house.bury(60);
    let forgotten = async {
        while house.listed() > 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, forgotten).await.expect("nobody starts, and it is forgotten");
    let began = Instant::now();
    one.revoke(id).await;
    assert!(began.elapsed() >= SETTLED, "who may still live is waited for");
    assert_eq!(house.listed(), 3, "and stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_forgotten_enters_again() {
    let house = House::build();
    let (one, other) = house.two(false).await;
    let (_, secret) = one.make_key().await;
    other.warm(&secret).await;
    assert_eq!(house.listed(), 2);
    house.forget_nodes();
    let back = async {
        while house.listed() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, back).await.expect("both are back");
    tokio::time::timeout(SOON, other.warm(&secret)).await.expect("its memory is of use again");
    other.access.retire().await;
    let before = other.journal.streams();
    other.ask(&secret).await.expect("it opens");
    assert_eq!((house.listed(), other.journal.streams()), (1, before + 1), "who has retired asks the database");
}
