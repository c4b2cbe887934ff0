//! A worker's node dies in mid-publication: another one notices in time, and takes over or settles what it left.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{id, publish};
use crate::support::{
    API, Client, Cluster, Options, SOON, SandboxServer, WORKERS, attempts, eventually, now, published, settled, until,
};

/// A fifth of what is usual, but for what only the proof of an absence waits for.
const FIFTH: &str = "lease=12,settle=6,lookup_gap=3,quiet=12,sweep=2,retry_first=0.2,retry_most=12";
/// A fifth of 75 s.
const IN_TIME: Duration = Duration::from_secs(15);
/// In hand a second before they are due, and killed before they are.
const AHEAD: Duration = Duration::from_millis(1_600);
const BEFORE: Duration = Duration::from_millis(400);

/// What was under way, and how it has to end in time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Published,
    Unknown,
    /// Only two look-ups after the settle time prove that it isn't there.
    NotedAlone,
}

const LEFT: [(&str, &str, End); 6] = [
    ("keyed", "answer_late", End::Published),
    ("keyed", "hang", End::Published),
    ("searchable", "answer_late", End::Published),
    ("searchable", "hang", End::NotedAlone),
    ("blind", "answer_late", End::Unknown),
    ("blind", "hang", End::Unknown),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_it_had_in_hand_is_noticed_and_settled() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options { timing: Some(FIFTH), ..Options::default() }).await;
    let client = cluster.client(API[0]);
    // Whatever is taken now, this one takes it.
    cluster[WORKERS[1]].terminate();
    let mut posts = Vec::new();
    for (class, kind, end) in LEFT {
        let handle = format!("{class}-{kind}");
        let account = client.connect_sandbox(&sandbox.address, &handle, class).await;
        sandbox.fault(json!({"kind": kind, "seconds": 6, "account": handle})).await;
        posts.push((publish(&client, &handle, &account).await, handle, end));
    }
    eventually("all requests are on their way", SOON, async || {
        let requests = sandbox.truth().await.requests.len();
        if requests == posts.len() { Ok(()) } else { Err(requests.to_string()) }
    })
    .await;
    let waiting = not_begun(&client, &sandbox).await;
    cluster[WORKERS[0]].kill9();
    let died = Instant::now();
    cluster.launch(WORKERS[1]).await;

    let left = || IN_TIME.saturating_sub(died.elapsed());
    for post in &waiting {
        published(&client, post, left()).await;
    }
    println!("record: what it had not begun was published {:?} after its end", died.elapsed());
    for (post, handle, _) in &posts {
        eventually(&format!("{handle} was noticed"), left(), async || {
            let tried = attempts(&client, post).await;
            let lapsed = tried.first().is_some_and(|first| first["error"]["class"] == "lapsed");
            if lapsed { Ok(()) } else { Err(format!("{tried:?}")) }
        })
        .await;
    }
    println!("record: all was noticed after {:?}, {IN_TIME:?} at most", died.elapsed());
    for (post, handle, end) in posts.iter().filter(|it| it.2 != End::NotedAlone) {
        let word = if *end == End::Published { "published" } else { "unknown" };
        assert_eq!(settled(&client, post, left()).await["targets"][0]["status"], word, "{handle}");
        println!("record: {handle} was settled within {:?}", died.elapsed());
    }
    for (post, ..) in posts.iter().filter(|it| it.2 == End::NotedAlone) {
        published(&client, post, SOON).await;
    }
    let mut counts = sandbox.truth().await.counts();
    // Nobody can say of these whether they are there.
    counts.retain(|(account, _), _| !posts.iter().any(|it| it.1 == *account && it.2 == End::Unknown));
    let known = posts.iter().filter(|it| it.2 != End::Unknown).count() + waiting.len();
    assert!(counts.len() == known && counts.values().all(|count| *count == 1), "{counts:?}");
    cluster.restart(WORKERS[0]).await;
    cluster.end().await;
}

/// Posts that a worker has in hand and has not begun to send; answers a moment before they are due.
async fn not_begun(client: &Client, sandbox: &SandboxServer) -> Vec<String> {
    let mut accounts = Vec::new();
    for class in ["keyed", "searchable", "blind"] {
        accounts.push(client.connect_sandbox(&sandbox.address, &format!("{class}-waits"), class).await);
    }
    let due = now() + AHEAD;
    let at = due.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let mut posts = Vec::new();
    for account in accounts {
        let body = json!({"body": "not begun", "account_ids": [account], "schedule": {"at": at}});
        posts.push(id(&client.post("/v1/posts", body).await.expect(201)));
    }
    until(due - BEFORE).await;
    posts
}
