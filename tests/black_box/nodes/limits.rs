//! A key's limit holds for all nodes together: never more, and hardly less, with a node that dies as well.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, Cluster, Options, THREE};

const LIMIT: usize = 600;
/// 95 of 100.
const USABLE: usize = 570;
/// What a node takes at once.
const PORTION: usize = LIMIT / 100;
/// How long a minute is here, in seconds.
const MINUTE: u64 = 8;
const CLIENTS_A_NODE: usize = 8;
/// By more than nodes' clocks are apart.
const APART: Duration = Duration::from_millis(250);
/// Windows that are seen whole, of which one loses a node.
const WINDOWS: u64 = 4;

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
struct Seen {
    sent: Instant,
    answered: Instant,
    /// Which window it was counted in, by its end.
    window: u64,
    /// Whether the answer came after that, by some node's clock.
    is_over: bool,
    /// What it was told is left; `None` if it was refused.
    left: Option<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_nodes_let_in_no_more_than_one_would_and_hardly_less() {
    let options = Options { limits: Some("minute=8"), log: Some("warn"), ..Options::default() };
    let mut cluster = Cluster::stopped_of(&THREE, &options);
    cluster.start_all().await;
    let limit = json!({"per_minute": LIMIT, "per_day": 1_000_000});
    let body = json!({"name": "busy", "scopes": ["posts:read"], "rate_limit": limit});
    let made = cluster.client(0).post("/v1/keys", body).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    let stop = Arc::new(AtomicBool::new(false));
    let load = (0..cluster.size() * CLIENTS_A_NODE).map(|number| {
        let (client, stop) = (cluster.client_of(number % cluster.size(), &secret), Arc::clone(&stop));
        tokio::spawn(async move { ask_again_and_again(&client, &stop).await })
    });
    let load: Vec<_> = load.collect();
    // In the middle of a window that is seen whole, and of its requests.
    tokio::time::sleep(Duration::from_secs(MINUTE * (WINDOWS - 2)) + Duration::from_millis(100)).await;
    let killed = window_at(crate::support::now());
    cluster[2].kill9();
    tokio::time::sleep(Duration::from_secs(MINUTE * 2 + 1)).await;
    stop.store(true, Ordering::Relaxed);
    let mut by_window = BTreeMap::<_, Vec<Seen>>::new();
    for client in load {
        for seen in client.await.expect("it ends") {
            by_window.entry(seen.window).or_default().push(seen);
        }
    }
    let windows: Vec<_> = by_window.keys().copied().collect();
    assert!(windows.len() as u64 >= WINDOWS, "{windows:?}");
    for (window, all) in &by_window {
        let admitted: Vec<_> = all.iter().filter(|it| it.left.is_some()).collect();
        let is_whole = *window != windows[0] && *window != windows[windows.len() - 1];
        println!("record: {} of {} requests were let in, whole: {is_whole}", admitted.len(), all.len());
        assert!(admitted.len() <= LIMIT, "{} were let in", admitted.len());
        assert!(!is_whole || admitted.len() >= USABLE, "only {} were let in", admitted.len());
        assert!(!is_whole || all.len() > 2 * LIMIT, "only {} were sent: that is no load", all.len());
        if *window < killed {
            is_told_the_truth(&admitted);
        }
    }
    cluster.end().await;
}

/// What each was told is not more than was left once it was sent, nor much less than when it was answered. Of a window that
/// is over nobody knows more than what they hold themselves.
fn is_told_the_truth(admitted: &[&Seen]) {
    let mut furthest = 0;
    for own in admitted {
        let told = own.left.expect("it was let in");
        let before = admitted.iter().filter(|it| it.answered <= own.sent).count();
        assert!(told + before < LIMIT, "told of {told}, after {before}");
        if own.is_over {
            continue;
        }
        let until = admitted.iter().filter(|it| it.sent < own.answered).count();
        let least = LIMIT - until;
        furthest = furthest.max(least.saturating_sub(told));
        assert!(told + THREE.len() * PORTION >= least, "told of {told}, {least} are left");
    }
    println!("record: nobody was told of more than is left, and at most of {furthest} less");
}

/// The window of an instant.
fn window_at(time: DateTime<Utc>) -> u64 {
    let second = u64::try_from(time.timestamp()).expect("after 1970");
    second - second % MINUTE + MINUTE
}

async fn ask_again_and_again(client: &Client, stop: &AtomicBool) -> Vec<Seen> {
    let mut all = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let sent = Instant::now();
        // The node may have been killed.
        let Ok(answer) = client.try_send(client.request(Method::GET, "/v1/platforms")).await else { break };
        let number = |name: &str| answer.header(name).parse::<u64>().expect("a number");
        let left = (answer.status == 200).then(|| usize::try_from(number("x-ratelimit-remaining")).expect("few"));
        if left.is_none() {
            answer.refused(429, "rate_limited");
            assert_eq!(number("x-ratelimit-remaining"), 0);
        }
        let (answered, window) = (Instant::now(), number("x-ratelimit-reset"));
        let is_over = window < window_at(crate::support::now() + APART);
        all.push(Seen { sent, answered, window, is_over, left });
    }
    all
}
