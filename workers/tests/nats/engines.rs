//! Several engines on one server: they never meet.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{self, stream};
use campanile_events::ids::Position;
use campanile_test_servers::Nats as Server;
use campanile_workers::bus::{Bus, Moved, Nats, Wakes, nats::ConnectError};

use super::rig::{LOG, becomes, connect, job, node, node_of, nothing_comes, put_in_the_end, settings, take, take_all};

const JOBS: u128 = 100;

/// Nobody puts a job again here: what came to another engine would be lost.
async fn takes_its_own(bus: &Arc<Nats>, numbers: std::ops::Range<u128>) {
    for number in numbers {
        bus.put(job(number)).await.expect("put");
        assert_eq!(take(bus).await.job(), &job(number), "another engine's job came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_on_one_server_take_only_their_own() {
    let server = Server::start();
    let (one, other) = (node(&server).await, node_of("chimes", &server).await);
    // A worker of each waits all the time: what came to the wrong one would be taken.
    tokio::join!(takes_its_own(&one, 0..JOBS), takes_its_own(&other, JOBS..2 * JOBS));
    // The same target on both, as a copy's would be.
    one.put(job(1)).await.expect("put");
    nothing_comes(&other).await;
    other.put(job(1)).await.expect("put");
    drop((take(&one).await, take(&other).await));

    let heard = other.wakes().listen(Moved::Journal);
    one.wakes().tell(Moved::Journal, Position(7));
    let node_of_one = node(&server).await;
    put_in_the_end(&one, &job(2)).await;
    assert_eq!(take(&node_of_one).await.job(), &job(2), "nodes of one engine share its jobs");
    assert_eq!(*heard.borrow(), Position(0), "another engine's wake-up came");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_engine_s_stream_is_wiped_and_the_other_s_stays() {
    let server = Server::start();
    let (one, other) = (node(&server).await, node_of("chimes", &server).await);
    for number in 0..20 {
        one.put(job(number)).await.expect("put");
        other.put(job(number)).await.expect("put");
    }
    let stranger = jetstream::new(async_nats::connect(server.url()).await.expect("a connection"));
    stranger.delete_stream("CAMPANILE_JOBS_bells").await.expect("deleted");
    becomes(&one, "made anew", |health| health.repairs > 0 && health.is_well(Duration::ZERO)).await;
    assert_eq!(take_all(&other, (0..20).map(job)).await, 0);
    assert_eq!(other.health().repairs, 0);
    nothing_comes(&one).await;
    put_in_the_end(&one, &job(1)).await;
    assert_eq!(take(&one).await.job(), &job(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_its_own_stands_before_the_log_s() {
    let server = Server::start();
    let named = settings(&server.url()).with_name("chimes".to_owned()).expect("a name");
    let (one, other) = (connect(named).await.expect("a connection"), node_of("chimes", &server).await);
    one.put(job(1)).await.expect("put");
    assert_eq!(take(&other).await.job(), &job(1));
    let error = Nats::connect(settings(&server.url()), "two words").await.expect_err("no name for a stream");
    assert!(matches!(error, ConnectError::Settings(_)), "{error:?}");
}

/// As builds made it that had one stream for all engines: jobs of all of them would come into it, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_everybody_s_subjects_is_told_of_until_it_is_gone() {
    let server = Server::start();
    let stranger = jetstream::new(async_nats::connect(server.url()).await.expect("a connection"));
    let former = stream::Config {
        name: "CAMPANILE_JOBS".to_owned(),
        subjects: vec!["campanile.jobs.>".to_owned()],
        retention: stream::RetentionPolicy::WorkQueue,
        ..stream::Config::default()
    };
    stranger.create_stream(former).await.expect("made");
    let bus = node(&server).await;
    becomes(&bus, "in its way", |health| health.trouble.as_ref().is_some_and(|it| it.contains("CAMPANILE_JOBS"))).await;
    assert!(!bus.health().stream);
    stranger.delete_stream("CAMPANILE_JOBS").await.expect("deleted");
    becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
    put_in_the_end(&bus, &job(1)).await;
    assert_eq!(take(&bus).await.job(), &job(1));
}

/// A server on which each user has what `OPERATIONS.md` says that an engine needs.
fn guarded(names: [&str; 2]) -> Server {
    let text = include_str!("../../../OPERATIONS.md");
    let (_, rest) = text.split_once("permissions: {\n").expect("the permissions in the docs");
    let (permissions, _) = rest.split_once("\n}\n").expect("their end");
    let user = |name| {
        format!("{{ user: {name}, password: {name}, permissions: {{\n{permissions}\n}} }}").replace("NAME", name)
    };
    Server::start_with(&format!("authorization {{ users: [ {}, {} ] }}", user(names[0]), user(names[1])))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_no_more_than_the_docs_say_and_reaches_no_other_engine() {
    let server = guarded([LOG, "chimes"]);
    let open = async |user: &str, log: &str| {
        let settings = settings(&server.url_as(&format!("{user}:{user}")));
        Nats::connect(settings, log).await.map(Arc::new)
    };
    let bus = open(LOG, LOG).await.expect("a connection");
    becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
    for number in 0..20 {
        bus.put(job(number)).await.expect("put");
    }
    take(&bus).await.later(Duration::ZERO);
    assert_eq!(take_all(&bus, (0..20).map(job)).await, 0);
    let waiting = tokio::spawn({
        let bus = Arc::clone(&bus);
        async move { take(&bus).await.job().clone() }
    });
    becomes(&bus, "heard of", |health| health.canary.is_some()).await;
    put_in_the_end(&bus, &job(30)).await;
    assert_eq!(waiting.await.expect("no panic"), job(30));
    let same = async_nats::ConnectOptions::with_user_and_password(LOG.to_owned(), LOG.to_owned());
    let same = jetstream::new(same.connect(server.url()).await.expect("a connection"));
    same.delete_stream("CAMPANILE_JOBS_bells").await.expect("deleted");
    becomes(&bus, "made anew", |health| health.repairs > 0 && health.is_well(Duration::ZERO)).await;
    assert_eq!(bus.health().trouble, None);
    // As another engine's user: its stream can neither be made nor filled.
    let stranger = open("chimes", LOG).await.expect("a connection");
    assert!(stranger.put(job(1)).await.is_err(), "a stranger puts jobs");
    becomes(&stranger, "refused", |health| !health.stream && health.trouble.is_some()).await;
}
