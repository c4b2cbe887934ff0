//! Keys that are revoked while they are in use, on every node: none of the requests gets in that begins after the answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use super::id;
use crate::support::{
    Client, Cluster, Options, SOON, THREE, eventually,
    proxy::{Proxy, Trouble},
};

const ROUNDS: usize = 50;
/// Of those, while a node doesn't hear the bus, and while one stands still.
const DEAF: std::ops::Range<usize> = 20..35;
const STILL: std::ops::Range<usize> = 35..ROUNDS;
/// The node that is cut off, or held still; no other one answers for it.
const ODD: usize = 2;
const ASKERS_A_NODE: usize = 4;
/// How many requests each node lets in before the key is revoked, and refuses of those that begin after the answer.
const IN_USE: usize = 10;
/// For so long requests wait at a node that stands still after the answer.
const WAITING: Duration = Duration::from_millis(60);

/// The key that is asked with.
#[derive(Debug, Clone)]
struct InUse {
    round: usize,
    secret: Arc<str>,
}

/// What a node was asked.
#[derive(Debug, Default)]
struct Tally {
    /// Requests of this round that were let in.
    admitted: AtomicUsize,
    /// The beginning of the last one of them.
    last: std::sync::Mutex<Option<(usize, Instant)>>,
    sent: AtomicUsize,
}

impl Tally {
    fn let_in(&self, round: usize, began: Instant) {
        let mut last = self.last.lock().expect("no asker panics with it");
        match &mut *last {
            Some((of, latest)) if *of == round => {
                *latest = began.max(*latest);
                self.admitted.fetch_add(1, Ordering::SeqCst);
            }
            Some((of, _)) if *of > round => {}
            other => {
                *other = Some((round, began));
                self.admitted.store(1, Ordering::SeqCst);
            }
        }
    }

    fn answered(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    fn of(&self, round: usize) -> (usize, Option<Instant>) {
        let last = self.last.lock().expect("no asker panics with it");
        let last = last.filter(|(of, _)| *of == round).map(|(_, at)| at);
        (if last.is_some() { self.admitted.load(Ordering::SeqCst) } else { 0 }, last)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_gets_in_that_begins_after_the_answer() {
    let options = Options { log: Some("error"), ..Options::default() };
    let mut cluster = Cluster::stopped_of(&THREE, &options);
    let servers = cluster.servers();
    let bus = Proxy::to(servers.nats.url().trim_start_matches("nats://")).await;
    let way = servers.environment_through(servers.postgres.port(), bus.port());
    cluster.reach_by(ODD, way);
    cluster.start_all().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (key, in_use) = watch::channel(InUse { round: usize::MAX, secret: cluster_secret(&cluster).await });
    let tallies: Arc<[Tally; 3]> = Arc::default();
    let askers = (0..THREE.len() * ASKERS_A_NODE).map(|number| {
        let node = number % THREE.len();
        let (client, in_use) = (cluster[node].client(None), in_use.clone());
        let (tallies, stop) = (Arc::clone(&tallies), Arc::clone(&stop));
        tokio::spawn(async move { ask(&client, in_use, &tallies[node], &stop).await })
    });
    let askers: Vec<_> = askers.collect();
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    for round in 0..ROUNDS {
        if round == DEAF.start {
            bus.suffer(Trouble::Reset);
        } else if round == DEAF.end {
            bus.heal();
        }
        let by = cluster.client(round % ODD);
        let (made, secret) = made(&by).await;
        key.send_replace(InUse { round, secret: Arc::clone(&secret) });
        eventually("every node lets the key in", SOON, async || {
            let counts = [0, 1, 2].map(|node| tallies[node].of(round).0);
            if counts.iter().all(|count| *count >= IN_USE) { Ok(()) } else { Err(format!("{round}: {counts:?}")) }
        })
        .await;
        let is_still = STILL.contains(&round);
        if is_still {
            cluster[ODD].process().freeze();
        }
        let asked = Instant::now();
        end(&by, round, &made, &secret).await;
        let answered = Instant::now();
        // What is under way at each node began before; all that follows, after.
        let before = [0, 1, 2].map(|node| tallies[node].answered());
        longest = longest.max(answered - asked);
        if is_still {
            // They wait until it goes on, and began after the answer.
            let waiting: Vec<_> = (0..ASKERS_A_NODE)
                .map(|_| {
                    let client = cluster.client_of(ODD, &secret);
                    tokio::spawn(async move { client.get("/v1/platforms").await })
                })
                .collect();
            tokio::time::sleep(WAITING).await;
            cluster[ODD].process().thaw();
            for request in waiting {
                let refusal = request.await.expect("it is answered").refused(401, "unauthorized");
                assert_eq!(refusal["reason"], "revoked_key", "round {round}");
            }
        }
        eventually("every node is asked many times from then on", SOON, async || {
            let asked = [0, 1, 2].map(|node| tallies[node].answered() - before[node]);
            if asked.iter().all(|asked| *asked >= IN_USE + ASKERS_A_NODE) { Ok(()) } else { Err(format!("{asked:?}")) }
        })
        .await;
        for (node, tally) in tallies.iter().enumerate() {
            let (_, last) = tally.of(round);
            let late = last.and_then(|last| last.checked_duration_since(answered)).filter(|late| !late.is_zero());
            assert_eq!(late, None, "round {round}: node {node} let in what began so long after the answer");
        }
    }
    let took = begun.elapsed();
    stop.store(true, Ordering::Relaxed);
    for asker in askers {
        asker.await.expect("every answer is one that is meant");
    }
    let sent: usize = tallies.iter().map(Tally::answered).sum();
    let rate = sent as f64 / took.as_secs_f64();
    println!("record: {sent} requests, {rate:.0} a second; the longest revocation took {longest:?}");
    cluster.end().await;
}

/// Each way in which a key dies at once.
async fn end(by: &Client, round: usize, key: &str, secret: &str) {
    match round % 3 {
        0 => drop(by.delete(&format!("/v1/keys/{key}")).await.expect(200)),
        1 => {
            let at_once = json!({"overlap_seconds": 0});
            by.post(&format!("/v1/keys/{key}/rotate"), at_once).await.expect(201);
        }
        _ => drop(by.post("/v1/keys/revoke-by-secret", json!({"secret": secret})).await.expect(200)),
    }
}

async fn made(by: &Client) -> (String, Arc<str>) {
    let limit = json!({"per_minute": 1_000_000, "per_day": 1_000_000});
    let body = json!({"name": "short-lived", "scopes": ["posts:read"], "rate_limit": limit});
    let made = by.post("/v1/keys", body).await.expect(201);
    (id(&made), made["secret"].as_str().expect("a secret").into())
}

async fn cluster_secret(cluster: &Cluster) -> Arc<str> {
    made(&cluster.client(0)).await.1
}

async fn ask(client: &Client, in_use: watch::Receiver<InUse>, tally: &Tally, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let InUse { round, secret } = in_use.borrow().clone();
        let began = Instant::now();
        let answer = client.send(client.request(Method::GET, "/v1/platforms").bearer_auth(&secret)).await;
        match answer.status {
            200 if round != usize::MAX => tally.let_in(round, began),
            200 => {}
            // A busy database: nobody is let in by a node that can't look.
            503 => {
                answer.refused(503, "unavailable");
                continue;
            }
            _ => assert_eq!(answer.refused(401, "unauthorized")["reason"], "revoked_key"),
        }
        // Once it is tallied.
        tally.sent.fetch_add(1, Ordering::SeqCst);
    }
}
