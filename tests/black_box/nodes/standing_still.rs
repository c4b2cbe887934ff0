//! A node stands still, with its connections open, and goes on later as if no time had passed.

use std::time::Duration;

use serde_json::{Value, json};

use super::{id, insist};
use crate::support::{
    API, Cluster, Options, SCHEDULERS, SOON, SandboxServer, WORKERS, eventually, now, published, until,
};

/// Past the lease of the timing that these tests have, and what the sweeper takes.
const PAST_THE_LEASE: Duration = Duration::from_secs(3);
/// How soon the others do what a node did that stands still.
const TAKEN_OVER: Duration = Duration::from_secs(6);
/// How often each node is held still.
const ROUNDS: usize = 3;

/// What is not shown within this does not come.
const NEVER: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_in_the_middle_of_a_thread_does_not_go_on_with_it() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let client = cluster.client(API[0]);
    cluster[WORKERS[1]].terminate();
    let thread: Vec<_> = (1..4).map(|part| json!({"body": format!("part {part}")})).collect();
    let mut posts = Vec::new();
    for class in ["keyed", "searchable"] {
        let account = client.connect_sandbox(&sandbox.address, class, class).await;
        sandbox.fault(json!({"kind": "answer_late", "seconds": 0.5, "account": class})).await;
        let body = json!({"body": "part 0", "thread": thread, "account_ids": [account], "publish": true});
        posts.push(id(&client.post("/v1/posts", body).await.expect(201)));
    }
    eventually("the first parts are on their way", SOON, async || {
        let requests = sandbox.truth().await.requests.len();
        if requests == posts.len() { Ok(()) } else { Err(requests.to_string()) }
    })
    .await;
    cluster[WORKERS[0]].process().freeze();
    cluster.restart(WORKERS[1]).await;
    tokio::time::sleep(PAST_THE_LEASE).await;
    cluster[WORKERS[0]].process().thaw();
    for post in &posts {
        published(&client, post, SOON).await;
    }
    tokio::time::sleep(NEVER).await;
    let counts = sandbox.truth().await.counts();
    assert!(counts.len() == 8 && counts.values().all(|count| *count == 1), "{counts:?}");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_waits_for_the_moment_does_not_send_after_it() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let client = cluster.client(API[0]);
    let account = client.connect_sandbox(&sandbox.address, "blind", "blind").await;
    cluster[WORKERS[1]].terminate();
    let due = now() + Duration::from_secs(3);
    let body = json!({"body": "waited for", "account_ids": [account], "schedule": {"at": due.to_rfc3339()}});
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    // A worker has it from a second before on.
    until(due - Duration::from_millis(400)).await;
    cluster[WORKERS[0]].process().freeze();
    cluster.restart(WORKERS[1]).await;
    published(&client, &post, SOON).await;
    cluster[WORKERS[0]].process().thaw();
    tokio::time::sleep(NEVER).await;
    assert_eq!(sandbox.truth().await.requests.len(), 1, "one request, by the other");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_leader_nor_a_projector_holds_the_others_up() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let client = cluster.client(API[0]);
    let account = client.connect_sandbox(&sandbox.address, "keyed", "keyed").await;
    for round in 0..ROUNDS {
        for node in SCHEDULERS {
            let text = format!("round {round} without {}", cluster[node].name());
            // In the middle of work: the node may hold a lock.
            let busy = publish_many(&cluster, &text, &account);
            cluster[node].process().freeze();
            let frozen = now();
            let due = (frozen + Duration::from_secs(1)).to_rfc3339();
            let body = json!({"body": text, "account_ids": [account], "schedule": {"at": due}});
            let (made, refused) = insist(&client, "/v1/posts", &text.replace(' ', "-"), &body, TAKEN_OVER).await;
            let taken = now() - frozen;
            let post = id(&made);
            published(&client, &post, TAKEN_OVER + Duration::from_secs(1)).await;
            listed(&cluster, &post).await;
            let all = (now() - frozen).num_milliseconds();
            println!(
                "record: {text}: taken after {} ms, {refused} refused, all after {all} ms",
                taken.num_milliseconds()
            );
            busy.await.expect("all were taken");
            cluster[node].process().thaw();
        }
    }
    let counts = sandbox.truth().await.counts();
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    cluster.end().await;
}

/// Posts that are written one after the other meanwhile, each until it is taken.
fn publish_many(cluster: &Cluster, text: &str, account: &str) -> tokio::task::JoinHandle<()> {
    let client = cluster.client(API[1]);
    let bodies: Vec<Value> = (0..20)
        .map(|number| json!({"body": format!("{text}, {number}"), "account_ids": [account], "publish": true}))
        .collect();
    let key = text.replace(' ', "-");
    tokio::spawn(async move {
        for (number, body) in bodies.iter().enumerate() {
            insist(&client, "/v1/posts", &format!("{key}-{number}"), body, TAKEN_OVER).await;
        }
    })
}

/// Waits until the other node lists a post.
async fn listed(cluster: &Cluster, post: &str) {
    let client = cluster.client(API[1]);
    eventually(&format!("{post} is listed"), TAKEN_OVER, async || {
        let page = client.get("/v1/posts?limit=50").await.expect(200);
        let found = page["data"].as_array().expect("posts").iter().any(|it| it["id"] == post);
        if found { Ok(()) } else { Err(page["data"][0]["id"].to_string()) }
    })
    .await;
}
