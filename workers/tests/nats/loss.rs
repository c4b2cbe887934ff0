//! A server that lost what it had taken.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_test_servers::Nats as Server;
use campanile_workers::bus::{Bus, Nats};

use super::rig::{A_MOMENT, becomes, job, node, put_in_the_end, take, take_all};

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_folder_is_noticed_and_jobs_flow_again() {
    let mut server = Server::start();
    let bus = node(&server).await;
    for number in 0..20 {
        bus.put(job(number)).await.expect("put");
    }
    let in_hand = take(&bus).await;
    server.kill9();
    server.wipe();
    server.start_again();
    becomes(&bus, "made anew", |health| health.repairs > 0 && health.is_well(Duration::ZERO)).await;
    // As the sweeper does; at once, not only after what the server remembers of ids.
    for number in 0..20 {
        put_in_the_end(&bus, &job(number)).await;
    }
    // Its ack must not fall on the new stream's message of the same number.
    drop(in_hand);
    assert_eq!(take_all(&bus, (0..20).map(job)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_deleted_under_it_is_made_anew() {
    let server = Server::start();
    let bus = node(&server).await;
    let waiting = tokio::spawn({
        let bus = Arc::clone(&bus);
        async move { take(&bus).await.job().clone() }
    });
    let stranger = async_nats::connect(server.url()).await.expect("a connection");
    let stranger = async_nats::jetstream::new(stranger);
    for round in 1..=2 {
        let stream = stranger.get_stream("CAMPANILE_JOBS_bells").await.expect("the stream");
        if round == 1 {
            stranger.delete_stream("CAMPANILE_JOBS_bells").await.expect("deleted");
        } else {
            stream.delete_consumer("publish_sandbox").await.expect("deleted");
        }
        becomes(&bus, "made anew", |health| health.repairs >= round && health.is_well(Duration::ZERO)).await;
    }
    let begun = Instant::now();
    // As the sweeper does: what a server that still clears away the old stream has taken may be lost.
    while !waiting.is_finished() {
        put_in_the_end(&bus, &job(1)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(waiting.await.expect("no panic"), job(1));
    // Before a request for jobs that stood with the old consumer would have ended by itself.
    assert!(begun.elapsed() < Duration::from_secs(5), "it came after {:?}", begun.elapsed());
}

/// Works through a hundred jobs, and then takes the server's messages back to before them.
async fn lose_the_tail(server: &mut Server, bus: &Nats) {
    put_in_the_end(bus, &job(1_000)).await;
    drop(take(bus).await);
    bus.close().await;
    server.stop();
    let before = server.snapshot();
    server.start_again();
    becomes(bus, "there", |health| health.is_well(Duration::ZERO)).await;
    for number in 0..100 {
        put_in_the_end(bus, &job(number)).await;
    }
    take_all(bus, (0..100).map(job)).await;
    bus.close().await;
    server.stop();
    server.roll_back_messages(&before);
}

/// How often the tail is lost before a consumer must have been deaf: a server that stops may forget how far its consumers
/// are, too; then it delivers everything, and there is nothing to repair.
const ROUNDS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_deaf_consumer_is_made_anew_before_its_stream_has_grown() {
    let mut server = Server::start();
    let bus = node(&server).await;
    for _ in 0..ROUNDS {
        lose_the_tail(&mut server, &bus).await;
        let repairs = bus.health().repairs;
        server.start_again();
        becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
        let repaired = bus.health().repairs > repairs;
        for number in 0..50 {
            put_in_the_end(&bus, &job(number)).await;
        }
        take_all(&bus, (0..50).map(job)).await;
        if repaired {
            return;
        }
    }
    panic!("no consumer was found deaf: {:?}", bus.health());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deaf_consumer_is_made_anew_after_its_stream_has_grown() {
    let mut server = Server::start();
    for _ in 0..ROUNDS {
        let bus = node(&server).await;
        lose_the_tail(&mut server, &bus).await;
        drop(bus);
        server.start_again();
        // While no watchdog looks, the stream grows past what the consumer takes for done.
        let stranger = async_nats::connect(server.url()).await.expect("a connection");
        let stranger = async_nats::jetstream::new(stranger);
        for number in 0..150 {
            let (job, payload) = (job(number), serde_json::to_vec(&job(number)).expect("a job"));
            let subject = format!("campanile.jobs.publish.sandbox.bells.{}.{}", job.post_id, job.account_id);
            stranger.publish(subject, payload.into()).await.expect("sent").await.expect("stored");
        }
        let bus = node(&server).await;
        take_all(&bus, (0..150).map(job)).await;
        bus.close().await;
        if bus.health().repairs > 0 {
            return;
        }
    }
    panic!("no consumer was found deaf");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_put_back_as_a_whole_doubles_jobs_at_most() {
    let mut server = Server::start();
    let bus = node(&server).await;
    for number in 0..20 {
        bus.put(job(number)).await.expect("put");
    }
    server.stop();
    let before = server.snapshot();
    server.start_again();
    becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
    take_all(&bus, (0..20).map(job)).await;
    bus.close().await;
    server.stop();
    server.roll_back(&before);
    server.start_again();
    becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
    put_in_the_end(&bus, &job(50)).await;
    take_all(&bus, (0..20).chain([50]).map(job)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_tells_a_bus_that_works_from_a_silent_one() {
    let server = Server::start();
    let bus = node(&server).await;
    let waiting = tokio::spawn({
        let bus = Arc::clone(&bus);
        async move { take(&bus).await.job().clone() }
    });
    becomes(&bus, "heard of", |health| health.canary.is_some()).await;
    tokio::time::sleep(2 * A_MOMENT).await;
    becomes(&bus, "heard of lately", |health| health.canary.is_some_and(|age| age < 2 * A_MOMENT)).await;
    assert_eq!((bus.health().silent, bus.depth()), (None, 0));
    // Somebody else's pull takes what this consumer gives, and says nothing: the bus is silent, though all is there.
    let thief = async_nats::connect(server.url()).await.expect("a connection");
    let stream = async_nats::jetstream::new(thief).get_stream("CAMPANILE_JOBS_bells").await.expect("the stream");
    stream.delete_consumer("publish_sandbox").await.expect("deleted");
    let narrow = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("publish_sandbox".to_owned()),
        filter_subject: "campanile.jobs.publish.sandbox.bells.nothing".to_owned(),
        ..Default::default()
    };
    stream.create_consumer(narrow).await.expect("a consumer that hears nothing");
    let repairs = bus.health().repairs;
    becomes(&bus, "silent", |health| health.silent.is_some()).await;
    becomes(&bus, "made anew", |health| health.repairs > repairs && health.silent.is_none()).await;
    bus.put(job(1)).await.expect("put");
    assert_eq!(waiting.await.expect("no panic"), job(1));
}
