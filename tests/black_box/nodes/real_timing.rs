//! What is promised in seconds, in those seconds: every other test makes them shorter. It takes four minutes, so it is run
//! where `CAMPANILE_REAL_TIMING=1` asks for it, and says otherwise that it was not.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{latest_of, publish};
use crate::{
    kills::plan::Planned,
    support::{
        API, Client, Cluster, Options, SOON, SandboxServer, WORKERS, attempts, eventually, now, published, settled,
    },
};

const ASKED_FOR: &str = "CAMPANILE_REAL_TIMING";
/// A dead worker is noticed within the lease, a sweep, and what a look takes; and what it left is settled by then, too.
const NOTICED: Duration = Duration::from_secs(75);
/// From a worker's death until a searchable server has proved that what it left isn't there: the rest of the time in which
/// it could have written, the settle time, and a second look-up after the gap.
const SETTLED: Duration = Duration::from_secs(10 + 120 + 60 + 30);
/// What only such a proof settles.
const NOT_THERE: &str = "searchable-hang";
const CLASSES: [&str; 2] = ["keyed", "searchable"];
/// Posts of each class that fall due one after the other meanwhile.
const POSTS: usize = 20;
const APART: Duration = Duration::from_secs(2);
/// How late such a post may be while a worker lives.
const LATE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_worker_is_noticed_and_what_it_left_is_settled_in_time() {
    if std::env::var(ASKED_FOR).as_deref() != Ok("1") {
        println!("record: SKIPPED, it takes four minutes: {ASKED_FOR}=1 runs it");
        return;
    }
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options { timing: None, ..Options::default() }).await;
    let client = cluster.client(API[0]);
    // Whatever is taken now, the other one takes it.
    cluster[WORKERS[1]].terminate();
    let mut left = Vec::new();
    for class in CLASSES {
        for kind in ["answer_late", "hang"] {
            let handle = format!("{class}-{kind}");
            let account = client.connect_sandbox(&sandbox.address, &handle, class).await;
            sandbox.fault(json!({"kind": kind, "seconds": 20, "account": handle})).await;
            left.push((publish(&client, &handle, &account).await, handle));
        }
    }
    eventually("all requests are on their way", SOON, async || {
        let requests = sandbox.truth().await.requests.len();
        if requests == left.len() { Ok(()) } else { Err(requests.to_string()) }
    })
    .await;
    cluster[WORKERS[0]].kill9();
    let died = Instant::now();
    cluster.restart(WORKERS[1]).await;
    let due = due_meanwhile(&client, &sandbox).await;

    for (post, handle) in &left {
        eventually(&format!("{handle} was noticed"), NOTICED.saturating_sub(died.elapsed()), async || {
            let tried = attempts(&client, post).await;
            let lapsed = tried.first().is_some_and(|first| first["error"]["class"] == "lapsed");
            if lapsed { Ok(()) } else { Err(format!("{tried:?}")) }
        })
        .await;
    }
    println!("record: what the dead worker had was noticed {:.1} s after its end", died.elapsed().as_secs_f64());
    left.sort_by_key(|(_, handle)| handle == NOT_THERE);
    for (post, handle) in &left {
        let limit = if handle == NOT_THERE { SETTLED } else { NOTICED };
        settled(&client, post, limit.saturating_sub(died.elapsed())).await;
        println!("record: {handle}: settled {:.1} s after it", died.elapsed().as_secs_f64());
        published(&client, post, SOON).await;
    }
    for post in &due {
        published(&client, &post.id, SOON).await;
    }
    let mut truth = sandbox.truth().await;
    let counts = truth.counts();
    assert!(counts.len() == left.len() + due.len() && counts.values().all(|count| *count == 1), "{counts:?}");
    truth.visible.retain(|it| due.iter().any(|post| post.text == it.text));
    let late = latest_of(&due, &truth);
    println!("record: of {} scheduled posts the latest came {:.3} s after it was due", due.len(), late.as_secs_f64());
    assert!(late < LATE, "{late:?}");
    cluster.restart(WORKERS[0]).await;
    cluster.end().await;
}

/// Posts of both classes, each due some seconds after the one before.
async fn due_meanwhile(client: &Client, sandbox: &SandboxServer) -> Vec<Planned> {
    let mut posts = Vec::new();
    let first = now() + Duration::from_secs(10);
    for class in CLASSES {
        let account = client.connect_sandbox(&sandbox.address, class, class).await;
        for number in 0..POSTS {
            let due = first + APART * number as u32;
            let text = format!("{class} {number}");
            let at = due.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            let body = json!({"body": text, "account_ids": [account], "schedule": {"at": at}});
            let id = super::id(&client.post("/v1/posts", body).await.expect(201));
            posts.push(Planned { id, due, account: account.clone(), handle: class.to_owned(), text });
        }
    }
    posts
}
