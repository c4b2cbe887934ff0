//! A node that reaches the bus and no longer the database, over connections that are dead and don't say so.

use std::time::Duration;

use super::{latest_of, posts_due};
use crate::support::{
    API, Cluster, Options, SOON, SandboxServer, WORKERS,
    proxy::{Proxy, Trouble},
    published,
};

const POSTS: usize = 90;
const WINDOW: Duration = Duration::from_secs(12);
/// When it is cut off.
const BEFORE: Duration = Duration::from_secs(3);
/// How long others may be delayed.
const LATE: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_its_database_leaves_its_jobs_to_others() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::stopped(&Options::default());
    let servers = cluster.servers();
    let database = Proxy::to(&format!("127.0.0.1:{}", servers.postgres.port())).await;
    let bus = Proxy::to(servers.nats.url().trim_start_matches("nats://")).await;
    let way = servers.environment_through(database.port(), bus.port());
    cluster.reach_by(WORKERS[0], way);
    cluster.start_all().await;
    let posts = posts_due(&cluster, &sandbox, POSTS, WINDOW).await;
    tokio::time::sleep(BEFORE).await;
    database.suffer(Trouble::Blackhole);
    let client = cluster.client(API[1]);
    for post in &posts {
        published(&client, &post.id, SOON).await;
    }
    let late = latest_of(&posts, &sandbox.truth().await);
    println!("record: cut off: the latest came {late:?} after it was due");
    assert!(late < LATE, "{late:?}");
    database.heal();
    cluster.end().await;
}
