//! Several nodes on one bus.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_test_servers::Nats as Server;
use campanile_workers::bus::Bus;

use super::rig::{A_MOMENT, connect, job, job_on, node, nothing_comes, put_in_the_end, settings, take, take_all};

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_jobs_and_each_is_taken_once() {
    const JOBS: u128 = 2_000;
    let server = Server::start();
    let (one, other) = (node(&server).await, node(&server).await);
    let takers: Vec<_> = [&one, &other, &one, &other]
        .into_iter()
        .map(|bus| {
            let bus = Arc::clone(bus);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while let Ok(job) = tokio::time::timeout(10 * A_MOMENT, bus.take()).await {
                    taken.push(job.expect("a bus that works").job().clone());
                }
                taken
            })
        })
        .collect();
    for number in 0..JOBS {
        let (bus, again) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
        bus.put(job_on(if number % 3 == 0 { "mastodon" } else { "sandbox" }, number)).await.expect("put");
        if number % 7 == 0 {
            again.put(job_on("sandbox", JOBS + number)).await.expect("put");
        }
    }
    let mut shares = Vec::new();
    let mut all = HashSet::new();
    for taker in takers {
        let taken = taker.await.expect("no panic");
        shares.push(taken.len());
        for job in taken {
            assert!(all.insert(job.post_id), "{job:?} was taken twice");
        }
    }
    assert_eq!(all.len() as u128, JOBS + JOBS.div_ceil(7));
    assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_has_in_hand_waits_and_comes_again_after() {
    let server = Server::start();
    let (one, other) = (node(&server).await, node(&server).await);
    one.put(job(1)).await.expect("put");
    let in_hand = take(&one).await;
    other.put(job(1)).await.expect("put");
    nothing_comes(&other).await;
    // For longer than a silent node would keep it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    nothing_comes(&other).await;
    drop(in_hand);
    assert_eq!(take(&other).await.job(), &job(1), "what was put while it was in hand comes again");
    nothing_comes(&one).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_right_at_a_release_is_not_lost() {
    let server = Server::start();
    let (one, other) = (node(&server).await, node(&server).await);
    for round in 0..200 {
        other.put(job(1)).await.expect("put");
        let in_hand = take(&one).await;
        let putting = tokio::spawn({
            let other = Arc::clone(&other);
            async move {
                tokio::time::sleep(Duration::from_micros(round * 10)).await;
                other.put(job(1)).await
            }
        });
        tokio::time::sleep(Duration::from_micros(1_000)).await;
        drop(in_hand);
        putting.await.expect("no panic").expect("put");
        let again = tokio::time::timeout(Duration::from_millis(1_500), one.take()).await;
        drop(again.unwrap_or_else(|_| panic!("lost in round {round}")).expect("a bus that works"));
        // Until its message has left the stream.
        one.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_in_hand_than_may_be() {
    let server = Server::start();
    let narrow = || async {
        let mut settings = settings(&server.url());
        settings.in_flight = 3;
        connect(settings).await.expect("a connection")
    };
    let (one, other) = (narrow().await, narrow().await);
    for number in 0..10 {
        one.put(job(number)).await.expect("put");
    }
    let mut in_hand = vec![take(&one).await, take(&other).await, take(&one).await];
    nothing_comes(&one).await;
    nothing_comes(&other).await;
    // Another platform has room of its own.
    one.put(job_on("mastodon", 100)).await.expect("put");
    assert_eq!(take(&other).await.job().platform, "mastodon");
    in_hand.pop();
    in_hand.push(take(&other).await);
    nothing_comes(&other).await;
    drop(in_hand);
    assert_eq!(take_all(&one, (4..10).map(job)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dropped_node_held_comes_to_another() {
    let server = Server::start();
    let other = node(&server).await;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let url = server.url();
    let held = runtime.spawn(async move {
        let one = connect(settings(&url)).await.expect("a connection");
        one.put(job(1)).await.expect("put");
        std::mem::forget(take(&one).await);
        std::mem::forget(one);
    });
    held.await.expect("a job in hand");
    // As with its process: connections end, nothing is said.
    runtime.shutdown_background();
    let begun = Instant::now();
    put_in_the_end(&other, &job(1)).await;
    assert_eq!(take(&other).await.job(), &job(1));
    assert!(begun.elapsed() < Duration::from_secs(5), "it came after {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_hands_its_jobs_back() {
    let server = Server::start();
    let (one, other) = (node(&server).await, node(&server).await);
    one.put(job(1)).await.expect("put");
    take(&one).await.later(Duration::ZERO);
    one.close().await;
    drop(one);
    let begun = Instant::now();
    assert_eq!(take(&other).await.job(), &job(1));
    assert!(begun.elapsed() < Duration::from_secs(1), "it came after {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_job_of_its_subject_is_dropped() {
    let server = Server::start();
    let bus = node(&server).await;
    let stranger = async_nats::connect(server.url()).await.expect("a connection");
    let stranger = async_nats::jetstream::new(stranger);
    let another = serde_json::to_vec(&job(1)).expect("a job");
    for (subject, payload) in [("a.b", b"{".to_vec()), ("c.d", another), ("e", Vec::new())] {
        let subject = format!("campanile.jobs.publish.sandbox.bells.{subject}");
        stranger.publish(subject, payload.into()).await.expect("sent").await.expect("stored");
    }
    nothing_comes(&bus).await;
    let mut stream = stranger.get_stream("CAMPANILE_JOBS_bells").await.expect("the stream");
    assert_eq!(stream.info().await.expect("the stream").state.messages, 0, "nor does it stay");
    assert!(bus.put(job_on("sand.box", 1)).await.is_err(), "a platform that can't be named in a subject");
}
