//! Nodes of an older build beside newer ones, which write an event type that the older ones don't know: those give way,
//! and nothing is lost or doubled.
//!
//! The older build is this one, told that it doesn't know a type. A release build can't be told.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::{id, publish};
use crate::support::{
    API, Answer, Client, Cluster, Options, SCHEDULERS, SOON, SandboxServer, WORKERS, attempts, eventually, now,
    published,
};

/// The newer nodes of each pair, and the older ones.
const NEWER: usize = 0;
const OLDER: usize = 1;
const CLASSES: [&str; 3] = ["keyed", "searchable", "blind"];
/// Requests may take 12 s: what is in hand when a node gives way is still under way.
const TIMING: &str = "lease=24,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=0.2,retry_first=0.05,retry_most=1";
/// Posts on each account, every other of them changed by a newer node.
const POSTS: usize = 6;

/// A cluster whose older nodes don't know an event type; the newer API runs, and of the others the older ones.
async fn of_two_builds(unknown: &'static str) -> Cluster {
    let mut cluster = Cluster::stopped(&Options { timing: Some(TIMING), ..Options::default() });
    for pair in [API, WORKERS, SCHEDULERS] {
        cluster[pair[OLDER]].of_build(Some(unknown));
        cluster.restart(pair[OLDER]).await;
    }
    cluster.restart(API[NEWER]).await;
    cluster
}

/// Waits until a node says, where it is asked for its health and in its log, that it has given way.
async fn gives_way(cluster: &Cluster, node: usize, part: &str, unknown: &str) {
    let client = cluster[node].client(None);
    eventually(&format!("`{}` gives way", cluster[node].name()), SOON, async || {
        let answer = client.get("/readyz").await;
        let is_told = |line: &str| line.starts_with("build: failing") && line.contains(unknown);
        let told = answer.text.lines().any(is_told)
            && answer.text.lines().any(|line| line.starts_with(&format!("{part}: failing it gave way")));
        if answer.status == 503 && told { Ok(()) } else { Err(answer.text) }
    })
    .await;
    let said = cluster[node].said();
    assert!(said.contains("a newer build is needed") && said.contains(unknown), "{said}");
}

/// A node of the newer build comes in an older one's place, and is well.
async fn renew(cluster: &mut Cluster, node: usize) {
    assert!(cluster[node].process().runs(), "it gave way, and did not end by itself");
    cluster[node].terminate();
    cluster[node].of_build(None);
    cluster.restart(node).await;
}

async fn schedule(client: &Client, text: &str, account: &str) -> String {
    let at = (now() + Duration::from_secs(6)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let body = json!({"body": text, "account_ids": [account], "schedule": {"at": at}});
    id(&client.post("/v1/posts", body).await.expect(201))
}

async fn requested(sandbox: &SandboxServer, requests: usize) {
    eventually("the requests are on their way", SOON, async || {
        let seen = sandbox.truth().await.requests.len();
        if seen == requests { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_node_gives_way_and_nothing_is_lost() {
    const UNKNOWN: &str = "post.edited";
    let sandbox = SandboxServer::start().await;
    let mut cluster = of_two_builds(UNKNOWN).await;
    let (newer, older) = (cluster.client(API[NEWER]), cluster.client(API[OLDER]));
    let slow = older.connect_sandbox(&sandbox.address, "slow", "blind").await;
    sandbox.fault(json!({"kind": "answer_late", "seconds": 8, "account": "slow"})).await;
    let mut posts = Vec::new();
    for class in CLASSES {
        let account = older.connect_sandbox(&sandbox.address, class, class).await;
        for number in 0..POSTS {
            posts.push((schedule(&older, &format!("{class} {number}"), &account).await, class, number));
        }
    }
    let in_hand = publish(&older, "in hand", &slow).await;
    requested(&sandbox, 1).await;

    let edited = |number: usize| number.is_multiple_of(2);
    let changes = posts.iter().filter(|(_, _, number)| edited(*number)).map(async |(post, class, number)| {
        newer.patch(&format!("/v1/posts/{post}"), json!({"body": format!("{class} {number} anew")})).await.expect(200)
    });
    join_all(changes).await;
    let refused: Answer = older.get(&format!("/v1/posts/{}", posts[0].0)).await;
    refused.refused(503, "unavailable");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|it| it >= 1), "{:?}", refused.headers);
    older.get(&format!("/v1/posts/{}", posts[1].0)).await.expect(200);
    let unready = older.get("/readyz").await;
    assert!(unready.status == 503 && unready.text.contains(UNKNOWN), "{}", unready.text);
    gives_way(&cluster, SCHEDULERS[OLDER], "scheduler", UNKNOWN).await;

    // A newer one leads at once; what it puts on the bus is an older worker's to take.
    cluster.restart(SCHEDULERS[NEWER]).await;
    gives_way(&cluster, WORKERS[OLDER], "workers", UNKNOWN).await;
    let shown = sandbox.truth().await;
    assert!(shown.visible.iter().all(|it| !it.text.ends_with("anew")), "who can't read a post sends nothing of it");
    cluster.launch(WORKERS[NEWER]).await;

    for (post, _, _) in &posts {
        published(&newer, post, SOON).await;
    }
    published(&newer, &in_hand, SOON).await;
    assert_eq!(attempts(&newer, &in_hand).await.len(), 1, "what was in hand was finished by who had it");
    let counts = sandbox.truth().await.counts();
    assert!(counts.len() == posts.len() + 1 && counts.values().all(|count| *count == 1), "{counts:?}");
    for (_, class, number) in &posts {
        let text = if edited(*number) { format!("{class} {number} anew") } else { format!("{class} {number}") };
        assert!(counts.contains_key(&((*class).to_owned(), text.clone())), "{text} never came");
    }

    for pair in [API, WORKERS, SCHEDULERS] {
        renew(&mut cluster, pair[OLDER]).await;
    }
    cluster[WORKERS[NEWER]].terminate();
    cluster[SCHEDULERS[NEWER]].terminate();
    let last = publish(&cluster.client(API[OLDER]), "by those that were upgraded", &slow).await;
    published(&cluster.client(API[OLDER]), &last, SOON).await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_an_older_node_cannot_record_is_settled_by_a_newer_one() {
    const UNKNOWN: &str = "post.deleted";
    let sandbox = SandboxServer::start().await;
    let mut cluster = of_two_builds(UNKNOWN).await;
    let newer = cluster.client(API[NEWER]);
    let mut posts = Vec::new();
    for class in CLASSES {
        let account = newer.connect_sandbox(&sandbox.address, class, class).await;
        sandbox.fault(json!({"kind": "answer_late", "seconds": 5, "account": class})).await;
        posts.push((publish(&newer, class, &account).await, class));
    }
    requested(&sandbox, posts.len()).await;
    // All at once: the first one stops who shows what follows, and each answer waits for that.
    let deleted = posts.iter().map(async |(post, _)| {
        newer.delete(&format!("/v1/posts/{post}?on_platforms=true")).await.expect(204);
    });
    join_all(deleted).await;
    gives_way(&cluster, WORKERS[OLDER], "workers", UNKNOWN).await;
    cluster.restart(SCHEDULERS[NEWER]).await;
    cluster.restart(WORKERS[NEWER]).await;
    for (post, class) in &posts {
        let wanted = if *class == "blind" { "post.target_unknown" } else { "post.target_published" };
        eventually(&format!("{class}: {wanted}"), SOON, async || {
            let history = newer.get(&format!("/v1/posts/{post}/history")).await.expect(200);
            let is_there = |it: &Value| it["type"] == wanted;
            if history["data"].as_array().is_some_and(|all| all.iter().any(is_there)) {
                Ok(())
            } else {
                Err(history.to_string())
            }
        })
        .await;
    }
    let counts = sandbox.truth().await.counts();
    assert!(counts.len() == posts.len() && counts.values().all(|count| *count == 1), "{counts:?}");
    for pair in [API, WORKERS, SCHEDULERS] {
        renew(&mut cluster, pair[OLDER]).await;
    }
    cluster.end().await;
}
