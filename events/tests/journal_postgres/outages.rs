//! The server dies, or someone stops with the head row in hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use campanile_events::{
    db::postgres::{Limits, connect},
    ids::Version,
    journal::{AppendError, Journal, PostgresJournal, Recorded, owned},
};
use campanile_test_servers::Postgres;

use crate::given::{SOON, all, append, open, persist, post, settings, within};

const WRITERS: u128 = 24;

/// What one writer was told.
#[derive(Default)]
struct Told {
    acknowledged: Vec<Recorded>,
    unavailable: Vec<Vec<campanile_events::ids::EventId>>,
    longest: Duration,
}

/// Appends until it is told to stop, a stream for every append.
async fn write(journal: PostgresJournal, writer: u128, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let append = append(post(writer * 1_000_000 + number), 0, 3);
        let ids = append.events.iter().map(|event| event.id).collect();
        let began = Instant::now();
        match journal.append(append).await {
            Ok(recorded) => {
                told.acknowledged.extend(owned(recorded));
                done.fetch_add(1, Ordering::Relaxed);
            }
            Err(AppendError::Unavailable(reason)) => {
                assert!(!reason.contains("not known"), "the server came back in time: {reason}");
                told.unavailable.push(ids);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(other) => panic!("not an outage: {other:?}"),
        }
        told.longest = told.longest.max(began.elapsed());
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_acknowledged_and_keeps_nothing_that_was_not() {
    let mut server = Postgres::start();
    let address = server.create_database("log");
    let journals = [open(&address).await, open(&address).await];
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let journal = journals[writer as usize % journals.len()].clone();
            tokio::spawn(write(journal, writer, Arc::clone(&stop), Arc::clone(&done)))
        })
        .collect();
    let mut refused = Vec::new();
    for round in 1..=3 {
        reach(&done, round * 300).await;
        let dead = tokio::task::spawn_blocking(move || {
            server.kill9();
            server
        });
        server = dead.await.expect("the server dies");
        // What the writers have in hand may wait for the server; who comes now is told that it is away.
        let late = append(post(u128::MAX - round as u128), 0, 1);
        refused.push(late.events[0].id);
        let told = within(SOON, journals[0].append(late)).await;
        assert!(matches!(&told, Err(AppendError::Unavailable(reason)) if !reason.contains("not known")), "{told:?}");
        let back = tokio::task::spawn_blocking(move || {
            server.start_again();
            server
        });
        server = back.await.expect("the server starts again");
    }
    reach(&done, 1_200).await;
    stop.store(true, Ordering::Relaxed);

    let mut told = Vec::new();
    for writer in writers {
        told.push(within(SOON, writer).await.expect("the writer ends"));
    }
    let events = all(&open(&address).await).await;
    assert!(!events.iter().any(|event| refused.contains(&event.id)), "refused and not there");
    for told in &told {
        for event in &told.acknowledged {
            assert_eq!(events.get(event.position.0 as usize - 1), Some(event), "acknowledged and there");
        }
        for ids in &told.unavailable {
            assert!(!events.iter().any(|event| ids.contains(&event.id)), "refused and not there");
        }
    }
    assert_eq!(events.len(), told.iter().map(|told| told.acknowledged.len()).sum::<usize>());
    for journal in &journals {
        assert_eq!(
            *within(SOON, journal.watch().wait_for(|it| it.0 == events.len() as u64)).await.unwrap(),
            events.last().unwrap().position
        );
    }
}

async fn reach(done: &AtomicUsize, count: usize) {
    let goal = done.load(Ordering::Relaxed).max(count);
    within(SOON, async {
        while done.load(Ordering::Relaxed) < goal {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_away_callers_are_told_so_quickly() {
    let mut server = Postgres::start();
    let address = server.create_database("log");
    let journal = open(&address).await;
    journal.append(append(post(1), 0, 1)).await.expect("it goes in");
    server.kill9();
    for _ in 0..20 {
        let began = Instant::now();
        let refused = journal.append(append(post(1), 1, 1)).await;
        assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
        assert!(journal.head().await.is_err());
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
    server.start_again();
    let recorded = within(SOON, persist(&journal, append(post(1), 1, 1))).await;
    assert_eq!(recorded[0].version, Version(2));
    assert_eq!(all(&journal).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_with_the_head_row_in_hand_loses_it_before_anyone_fails() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let journals = [open(&address).await, open(&address).await, open(&address).await];
    journals[0].append(append(post(0), 0, 1)).await.expect("it goes in");
    // As a node does that is stopped between its two round trips.
    let stopped = connect(&settings(&address)).await.expect("a connection");
    stopped.batch_execute("begin; select * from journal_head for update").await.expect("the lock");
    let began = Instant::now();
    let waiting: Vec<_> = (1..=30)
        .map(|number| {
            let journal = journals[number as usize % journals.len()].clone();
            tokio::spawn(async move { journal.append(append(post(number), 0, 1)).await })
        })
        .collect();
    for append in waiting {
        append.await.expect("the task ends").expect("nobody fails for it");
    }
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(stopped.batch_execute("commit").await.is_err(), "its session has ended");
    assert_eq!(all(&journals[0]).await.len(), 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_for_long_costs_an_error_that_a_retry_cures() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let journal = open(&address).await;
    let holder = connect(&settings(&address).limited(Limits::NONE)).await.expect("a connection");
    // With nothing known of the log, and with all.
    for stored in [0, 1] {
        holder.batch_execute("begin; select * from journal_head for update").await.expect("the lock");
        let refused = within(SOON, journal.append(append(post(1), stored, 1))).await;
        assert!(matches!(&refused, Err(AppendError::Unavailable(_))), "{refused:?}");
        // Reading needs no lock.
        assert_eq!(all(&journal).await.len() as u64, stored);
        holder.batch_execute("rollback").await.expect("it has no limit");
        journal.append(append(post(1), stored, 1)).await.expect("it goes in");
    }
}
