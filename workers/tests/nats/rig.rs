//! What the tests of the bus stand on.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::ids::{AccountId, PostId, WorkspaceId};
use campanile_test_servers::Nats as Server;
use campanile_workers::bus::{
    Bus, Health, Job, Nats, Taken,
    nats::{ConnectError, Settings},
};

/// What the nodes of one engine share.
pub const LOG: &str = "bells";
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for what shouldn't come to come.
pub const A_MOMENT: Duration = Duration::from_millis(300);

pub fn settings(url: &str) -> Settings {
    let platforms = ["sandbox".to_owned(), "mastodon".to_owned()];
    let mut settings = Settings::from_url(url, platforms).expect("good settings");
    settings.ack_wait = Duration::from_secs(2);
    settings.watch = Duration::from_millis(100);
    settings.canary = Duration::from_millis(200);
    settings.silence = Duration::from_secs(3);
    settings
}

pub async fn node(server: &Server) -> Arc<Nats> {
    connect(settings(&server.url())).await.expect("a connection")
}

pub async fn connect(settings: Settings) -> Result<Arc<Nats>, ConnectError> {
    Nats::connect(settings, LOG).await.map(Arc::new)
}

/// A node of the engine of another log.
pub async fn node_of(log: &str, server: &Server) -> Arc<Nats> {
    Nats::connect(settings(&server.url()), log).await.map(Arc::new).expect("a connection")
}

pub fn job_on(platform: &str, number: u128) -> Job {
    Job {
        workspace_id: WorkspaceId::from_uuid(uuid::Uuid::from_u128(1)),
        post_id: PostId::from_uuid(uuid::Uuid::from_u128(number)),
        account_id: AccountId::from_uuid(uuid::Uuid::from_u128(1)),
        platform: platform.to_owned(),
    }
}

pub fn job(number: u128) -> Job {
    job_on("sandbox", number)
}

pub async fn take(bus: &Nats) -> Taken {
    let taken = tokio::time::timeout(PATIENCE, bus.take()).await;
    taken.unwrap_or_else(|_| panic!("no job: {:?}", bus.health())).expect("a bus that works")
}

pub async fn nothing_comes(bus: &Nats) {
    let more = tokio::time::timeout(A_MOMENT, bus.take()).await;
    assert!(more.is_err(), "{more:?} came, where nothing should");
}

/// Puts a job as the sweeper does: again and again, until the bus takes it.
pub async fn put_in_the_end(bus: &Nats, job: &Job) {
    let begun = Instant::now();
    while let Err(error) = bus.put(job.clone()).await {
        assert!(begun.elapsed() < PATIENCE, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the bus is as it should be.
pub async fn becomes(bus: &Nats, what: &str, is: impl Fn(&Health) -> bool) {
    let begun = Instant::now();
    while !is(&bus.health()) {
        assert!(begun.elapsed() < PATIENCE, "not {what}: {:?}", bus.health());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Takes jobs until all of these were seen; others are an error. Answers how many came twice.
pub async fn take_all(bus: &Nats, wanted: impl Iterator<Item = Job>) -> usize {
    let mut missing: HashSet<Job> = wanted.collect();
    let all = missing.clone();
    let mut twice = 0;
    while !missing.is_empty() {
        let taken = take(bus).await;
        assert!(all.contains(taken.job()), "{taken:?} was never put");
        twice += usize::from(!missing.remove(taken.job()));
    }
    twice
}
