//! A worker's node dies in mid-publication: another one notices in time, and settles what it left.

use std::time::{Duration, Instant};

use serde_json::json;

use super::publish;
use crate::support::{API, Cluster, Options, SOON, SandboxServer, WORKERS, attempts, eventually, published};

/// A fifth of what is usual until a silence is noticed.
const FIFTH: &str = "lease=12,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=2,retry_first=0.05,retry_most=1";
/// A fifth of 75 s.
const NOTICED: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn what_it_had_in_hand_is_noticed_and_settled() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options { timing: Some(FIFTH), ..Options::default() }).await;
    let client = cluster.client(API[0]);
    let mut posts = Vec::new();
    // Whatever is taken now, this one takes it.
    cluster[WORKERS[1]].terminate();
    for class in ["keyed", "searchable"] {
        for kind in ["answer_late", "hang"] {
            let handle = format!("{class}-{kind}");
            let account = client.connect_sandbox(&sandbox.address, &handle, class).await;
            sandbox.fault(json!({"kind": kind, "seconds": 3, "account": handle})).await;
            posts.push((publish(&client, &handle, &account).await, handle));
        }
    }
    eventually("all requests are on their way", SOON, async || {
        let requests = sandbox.truth().await.requests.len();
        if requests == posts.len() { Ok(()) } else { Err(requests.to_string()) }
    })
    .await;
    cluster[WORKERS[0]].kill9();
    let died = Instant::now();
    cluster.launch(WORKERS[1]).await;
    for (post, handle) in &posts {
        eventually(&format!("{handle} was noticed"), NOTICED.saturating_sub(died.elapsed()), async || {
            let tried = attempts(&client, post).await;
            let lapsed = tried.first().is_some_and(|first| first["error"]["class"] == "lapsed");
            if lapsed { Ok(()) } else { Err(format!("{tried:?}")) }
        })
        .await;
    }
    println!("record: all was noticed after {:?}, {NOTICED:?} at most", died.elapsed());
    for (post, _) in &posts {
        published(&client, post, SOON).await;
    }
    let counts = sandbox.truth().await.counts();
    assert!(counts.len() == posts.len() && counts.values().all(|count| *count == 1), "{counts:?}");
    cluster.restart(WORKERS[0]).await;
    cluster.end().await;
}
