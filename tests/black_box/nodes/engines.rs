//! Two engines that have nothing in common but a NATS server.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use campanile_test_servers::Nats;
use serde_json::Value;

use super::publish;
use crate::support::{Node, Options, Ran, SandboxServer, campanile, published};

const POSTS: usize = 20;
/// Before a sweep would bring back what the other engine took.
const PROMPTLY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn each_publishes_its_own_at_once() {
    let (nats, sandbox) = (Nats::start(), SandboxServer::start().await);
    let folder = tempfile::tempdir().expect("a folder");
    let mut engines = Vec::new();
    for name in ["bells", "chimes"] {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).expect("a data folder");
        let program = || -> Command {
            let mut program = campanile();
            program.env("CAMPANILE_NATS_URL", nats.url()).env("CAMPANILE_DATA", &data).current_dir(&data);
            program
        };
        let made = Ran::of(program().args(["init", "--email", "owner@example.com", "--json"])).ok();
        let made: Value = serde_json::from_str(&made).expect("what `init --json` prints");
        let mut node = Node::new(name, None, Options { timing: None, ..Options::default() }, &data, folder.path());
        node.start(program()).await;
        let client = node.client(made["secret"].as_str());
        let account = client.connect_sandbox(&sandbox.address, name, "keyed").await;
        engines.push((node, client, account));
    }
    let mut posts = Vec::new();
    for number in 0..POSTS {
        for (node, client, account) in &engines {
            let begun = Instant::now();
            posts.push((client, publish(client, &format!("{} {number}", node.name()), account).await, begun));
        }
    }
    for (client, post, begun) in posts {
        published(client, &post, PROMPTLY.saturating_sub(begun.elapsed())).await;
    }
    let counts = sandbox.truth().await.counts();
    assert!(counts.len() == 2 * POSTS && counts.values().all(|count| *count == 1), "{counts:?}");
    for (node, ..) in &mut engines {
        node.terminate();
    }
}
