//! A server that is away, for a while or in the midst of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use campanile_test_servers::{Nats as Server, free_port};
use campanile_workers::bus::Bus;

use super::rig::{A_MOMENT, becomes, connect, job, node, put_in_the_end, settings, take, take_all};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_workers_is_told_soon_and_waiting_ones_come_back() {
    let mut server = Server::start();
    let (scheduler, worker) = (node(&server).await, node(&server).await);
    let waiting = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { take(&worker).await.job().clone() }
    });
    becomes(&worker, "heard of", |health| health.canary.is_some()).await;
    server.stop();
    becomes(&scheduler, "away", |health| !health.connected && !health.is_well(Duration::ZERO)).await;
    let begun = Instant::now();
    for number in 0..1_000 {
        let error = scheduler.put(job(number)).await.expect_err("no server");
        assert!(error.to_string().contains("no connection"), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?} for a thousand refusals", begun.elapsed());
    tokio::time::sleep(A_MOMENT).await;
    assert!(!waiting.is_finished(), "who waits goes on waiting");
    server.start_again();
    becomes(&scheduler, "there", |health| health.is_well(Duration::ZERO)).await;
    put_in_the_end(&scheduler, &job(7)).await;
    assert_eq!(waiting.await.expect("no panic"), job(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_holds_nobody_up() {
    let server = Server::start();
    let bus = node(&server).await;
    server.freeze();
    let begun = Instant::now();
    for number in 0..1_000 {
        bus.put(job(number)).await.expect_err("a frozen server");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?} for a thousand refusals", begun.elapsed());
    server.thaw();
    put_in_the_end(&bus, &job(2_000)).await;
    while take(&bus).await.job() != &job(2_000) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_a_node_works_alone_and_joins_it_when_it_comes() {
    let port = free_port();
    let bus = connect(settings(&format!("nats://127.0.0.1:{port}"))).await.expect("a bus without a server");
    assert!(!bus.health().connected);
    let taken = {
        let waiting = take(&bus);
        let putting = async {
            tokio::time::sleep(A_MOMENT).await;
            bus.put(job(1)).await.expect("kept for the worker here");
        };
        tokio::join!(waiting, putting).0
    };
    assert_eq!(taken.job(), &job(1));
    bus.put(job(1)).await.expect("put");
    bus.put(job(2)).await.expect("put");
    bus.put(job(2)).await.expect("put");
    assert_eq!(bus.depth(), 1, "a target that waits already doesn't wait twice");
    let other = take(&bus).await;
    assert_eq!(other.job(), &job(2));
    drop((taken, other));
    assert_eq!(take(&bus).await.job(), &job(1), "what was put while it was in hand comes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_before_a_stop_is_there_after() {
    let mut server = Server::start();
    let bus = node(&server).await;
    for number in 0..50 {
        bus.put(job(number)).await.expect("put");
    }
    let in_hand = take(&bus).await;
    let held = in_hand.job().clone();
    server.stop();
    tokio::time::sleep(A_MOMENT).await;
    server.start_again();
    becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
    drop(in_hand);
    let twice = take_all(&bus, (0..50).map(job).filter(|it| *it != held)).await;
    assert_eq!(twice, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_for_good_by_kills_in_the_midst_of_it() {
    let mut server = Server::start();
    let (one, other) = (node(&server).await, node(&server).await);
    let done = Arc::new(AtomicBool::new(false));
    let sweeper = tokio::spawn({
        let (one, done) = (Arc::clone(&one), Arc::clone(&done));
        async move {
            // Puts all of them again and again, as the sweeper does with what nobody has taken.
            while !done.load(Ordering::Relaxed) {
                for number in 0..300 {
                    let _next_time = one.put(job(number)).await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    let taker = tokio::spawn(async move {
        for _ in 0..4 {
            take_all(&other, (0..300).map(job)).await;
        }
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        server.kill9();
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.start_again();
    }
    taker.await.expect("every job came, again and again");
    done.store(true, Ordering::Relaxed);
    sweeper.await.expect("no panic");
}
