//! PostgreSQL is away for some seconds, or hangs: requests are told so, nothing is half done, nothing leaves unintended.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;

use super::{insist, latest_of, posts_due};
use crate::support::{API, Cluster, Options, SCHEDULERS, SOON, SandboxServer, WORKERS, eventually, published};

const POSTS: usize = 90;
const WINDOW: Duration = Duration::from_secs(12);
const BEFORE: Duration = Duration::from_secs(3);
const AWAY: Duration = Duration::from_secs(4);
/// How soon everything is taken again.
const BACK: Duration = Duration::from_secs(10);
/// How soon who reads is told of a database that hangs: six seconds, and what a busy machine needs.
const TOLD: Duration = Duration::from_millis(7_500);

#[tokio::test(flavor = "multi_thread")]
async fn away_for_some_seconds() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let account = cluster.client(API[0]).connect_sandbox(&sandbox.address, "own", "keyed").await;
    let posts = posts_due(&cluster, &sandbox, POSTS, WINDOW).await;
    tokio::time::sleep(BEFORE).await;
    cluster.servers().postgres.kill9();

    let clients = API.map(|node| cluster.client(node));
    let mut waiting = Vec::new();
    for (number, client) in clients.iter().cycle().take(10).cloned().enumerate() {
        let body = json!({"body": format!("insisted {number}"), "account_ids": [account]});
        waiting.push(tokio::spawn(async move {
            insist(&client, "/v1/posts", &format!("insisted-{number}"), &body, AWAY + BACK).await
        }));
    }
    for client in &clients {
        assert_eq!(client.get("/healthz").await.status, 200, "the process lives");
        assert_eq!(client.get("/readyz").await.status, 503, "and is not ready");
        client.get("/v1/posts").await.refused(503, "unavailable");
    }
    tokio::time::sleep(AWAY).await;
    cluster.servers().postgres.start_again();
    for request in waiting {
        let (_made, refused) = request.await.expect("it is taken in time");
        assert!(refused > 0, "it was taken by a database that wasn't there");
    }

    for post in &posts {
        published(&clients[1], &post.id, SOON).await;
    }
    let truth = sandbox.truth().await;
    println!("record: the latest came {:?} after it was due", latest_of(&posts, &truth));
    let mut written = BTreeMap::<_, usize>::new();
    for post in clients[1].all("/v1/posts").await {
        *written.entry(post["body"].as_str().expect("a text").to_owned()).or_default() += 1;
    }
    for number in 0..10 {
        assert_eq!(written.get(&format!("insisted {number}")), Some(&1), "what was insisted on was written once");
    }
    let log = cluster.log();
    let intended = log.iter().filter(|event| event["type"] == "post.send_intended").count();
    assert!(truth.requests.len() <= intended, "{} requests, {intended} intents", truth.requests.len());
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_before_its_database_waits_for_it() {
    let mut cluster = Cluster::stopped(&Options::default());
    cluster.servers().postgres.kill9();
    for node in [API[0], SCHEDULERS[0], WORKERS[0]] {
        cluster.launch(node).await;
        let visitor = cluster[node].visitor();
        assert_eq!(visitor.get("/healthz").await.status, 200, "the process lives");
        let ready = visitor.get("/readyz").await;
        assert!(ready.status == 503 && ready.text.contains("journal: failing"), "{}", ready.text);
        let refused = visitor.get("/v1/me").await;
        refused.refused(503, "unavailable");
        assert!(refused.header("retry-after").parse::<u64>().is_ok(), "{:?}", refused.headers);
    }
    // One that is told to stop meanwhile stops.
    cluster[WORKERS[0]].terminate();
    cluster.servers().postgres.start_again();
    cluster[API[0]].ready().await;
    cluster.client(API[0]).get("/v1/me").await.expect(200);
    assert!(cluster[API[0]].said().contains("the database is away: waiting for it"));
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_told_within_seconds() {
    let mut cluster = Cluster::start(Options::default()).await;
    let clients = API.map(|node| cluster.client(node));
    for client in &clients {
        client.get("/v1/posts").await.expect(200);
    }
    cluster.servers().postgres.freeze();
    let mut asked = Vec::new();
    for client in clients.iter().cycle().take(24) {
        let client = client.clone();
        asked.push(tokio::spawn(async move {
            let begun = std::time::Instant::now();
            (client.get("/v1/posts").await, begun.elapsed())
        }));
    }
    let mut slowest = Duration::ZERO;
    for asked in asked {
        let (answer, took) = asked.await.expect("an answer");
        answer.refused(503, "unavailable");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|it| it >= 1), "{:?}", answer.headers);
        slowest = slowest.max(took);
    }
    println!("record: the last of 24 reads was refused after {slowest:?}");
    assert!(slowest < TOLD, "{slowest:?}");
    cluster.servers().postgres.thaw();
    for client in &clients {
        eventually("it is read again", BACK, async || match client.get("/v1/posts").await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        })
        .await;
    }
    cluster.end().await;
}
