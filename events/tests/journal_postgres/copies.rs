//! Copies of the log, and neighbours in the cluster.

use std::time::{Duration, Instant};

use campanile_events::{
    db::postgres::{Limits, connect},
    ids::{Position, Version},
    journal::{Hash, Journal, ReadError},
    merkle::root_of,
};
use campanile_test_servers::Postgres;

use crate::given::{all, append, open, post, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_dump_keeps_every_position_and_proof_and_goes_on() {
    let server = Postgres::start();
    let journal = open(&server.create_database("log")).await;
    for number in 0..40 {
        let count = 1 + number as usize % 4;
        journal.append(append(post(number), 0, count)).await.expect("it goes in");
    }
    let (events, head) = (all(&journal).await, journal.head().await.expect("the head reads"));
    let numbers = journal.workspace_numbers().await.expect("the numbers read");
    let dump = server.dump("log");
    // What comes after the dump is not in it.
    journal.append(append(post(99), 0, 1)).await.expect("it goes in");

    let address = server.create_database("restored");
    server.restore("restored", &dump);
    let restored = open(&address).await;
    assert_eq!(all(&restored).await, events);
    assert_eq!(restored.head().await.expect("the head reads"), head);
    assert_eq!(restored.workspace_numbers().await.expect("the numbers read"), numbers);
    assert_eq!(*restored.watch().borrow(), head.position);

    let next = restored.append(append(post(0), 1, 2)).await.expect("it goes in");
    assert_eq!(next[0].position, head.position.next());
    assert_eq!(next[0].version, Version(2));
    let events = all(&restored).await;
    let leaves: Vec<Hash> = events.iter().map(|event| event.leaf_hash).collect();
    assert_eq!(restored.head().await.expect("the head reads").root, root_of(&leaves));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_transaction_in_another_database_holds_nobody_up() {
    let server = Postgres::start();
    let journal = open(&server.create_database("log")).await;
    let elsewhere = settings(&server.create_database("elsewhere")).limited(Limits::NONE);
    let neighbour = connect(&elsewhere).await.expect("a connection");
    neighbour
        .batch_execute("create table public.t (n int); begin; insert into public.t values (1); select txid_current()")
        .await
        .expect("an open transaction");
    let mut announced = journal.watch();
    let began = Instant::now();
    for version in 0..50 {
        journal.append(append(post(1), version * 2, 2)).await.expect("it goes in");
    }
    announced.wait_for(|position| *position == Position(100)).await.expect("the journal lives");
    assert_eq!(all(&journal).await.len(), 100);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    neighbour.batch_execute("commit").await.expect("it was open all the time");
}

#[tokio::test]
async fn a_kind_of_stream_that_a_newer_build_made_is_told_as_that() {
    let server = Postgres::start();
    let journal = open(&server.create_database("log")).await;
    journal.append(append(post(1), 0, 3)).await.expect("it goes in");
    server.sql("log", "update campanile.events set stream_kind = 'choir' where position = 2");
    let read = journal.read(Position(0), 10).await.expect_err("this build doesn't know it");
    assert!(matches!(&read, ReadError::Newer { position: Position(2), reason } if reason.contains("choir")), "{read}");
    assert_eq!(journal.read(Position(2), 10).await.expect("what it knows").len(), 1);
}
