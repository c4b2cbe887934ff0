//! NATS is away for some seconds, and comes back with what it had, with nothing, or with what it had before.
//!
//! The log is the queue: the bus only spreads jobs and wakes workers.

use std::time::Duration;

use campanile_test_servers::Snapshot;

use super::{latest_of, posts_due};
use crate::support::{API, Cluster, Options, SOON, SandboxServer, published};

const POSTS: usize = 90;
const WINDOW: Duration = Duration::from_secs(12);
/// When NATS goes, and how long it is away.
const BEFORE: Duration = Duration::from_secs(3);
const AWAY: Duration = Duration::from_secs(4);
/// How late a post may be, with the bus away or not.
const LATE: Duration = Duration::from_secs(10);

/// What NATS comes back with.
#[derive(Debug, Clone, Copy)]
enum Memory {
    Whole,
    None,
    Older,
    OlderMessages,
}

async fn nats_comes_back_with(memory: Memory) {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let older: Snapshot = cluster.servers().nats.snapshot();
    let posts = posts_due(&cluster, &sandbox, POSTS, WINDOW).await;
    tokio::time::sleep(BEFORE).await;
    let nats = &mut cluster.servers().nats;
    nats.kill9();
    match memory {
        Memory::Whole => {}
        Memory::None => nats.wipe(),
        Memory::Older => nats.roll_back(&older),
        Memory::OlderMessages => nats.roll_back_messages(&older),
    }
    tokio::time::sleep(AWAY).await;
    cluster.servers().nats.start_again();
    let client = cluster.client(API[1]);
    for post in &posts {
        published(&client, &post.id, SOON).await;
    }
    let late = latest_of(&posts, &sandbox.truth().await);
    println!("record: {memory:?}: the latest came {late:?} after it was due");
    assert!(late < LATE, "{late:?}");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn away_for_some_seconds() {
    nats_comes_back_with(Memory::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wiped() {
    nats_comes_back_with(Memory::None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rolled_back() {
    nats_comes_back_with(Memory::Older).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_newest_messages() {
    nats_comes_back_with(Memory::OlderMessages).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn away_for_good() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    cluster.servers().nats.kill9();
    let posts = posts_due(&cluster, &sandbox, POSTS, WINDOW).await;
    let client = cluster.client(API[1]);
    for post in &posts {
        published(&client, &post.id, SOON).await;
    }
    let late = latest_of(&posts, &sandbox.truth().await);
    println!("record: the latest came {late:?} after it was due");
    assert!(late < LATE, "{late:?}");
    cluster.servers().nats.start_again();
    cluster.end().await;
}
