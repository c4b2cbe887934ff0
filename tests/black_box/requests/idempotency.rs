//! Many clients send every request again and again, each under its own idempotency key, while the engine is killed: every
//! key has one effect, and every answer to it is the same.
//!
//! `CAMPANILE_CLIENTS`, `CAMPANILE_KEYS` and `CAMPANILE_RESTARTS` make it larger or smaller.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Engine, Options, eventually};

const RESENDS: usize = 5;
/// The engine is down for less.
const PAUSE: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_mins(2);

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a whole number")))
}

/// Sends until it is answered for good: the engine may be down, or the same request under way.
async fn answered(client: &Client, key: &str, body: &Value) -> Answer {
    let until = Instant::now() + LIMIT;
    loop {
        let request = client.request(Method::POST, "/v1/posts").header("Idempotency-Key", key).json(body);
        match client.try_send(request).await {
            Ok(answer) if answer.status != 503 && !answer.text.contains("idempotency_in_progress") => return answer,
            Ok(answer) => assert!(Instant::now() < until, "{key}: {}", answer.text),
            Err(error) => assert!(Instant::now() < until, "{key}: {error}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn shown(answer: &Answer) -> (u16, &str, &str, &str) {
    (answer.status, &answer.text, answer.header("etag"), answer.header("campanile-position"))
}

/// All requests of one client; gives the posts that its keys made.
async fn send_all(client: Client, number: usize, keys: usize, account: String, done: Arc<AtomicUsize>) -> Vec<String> {
    let mut made = Vec::new();
    for at in 0..keys {
        let (key, text) = (format!("client {number} key {at}"), format!("post {at} of client {number}"));
        let body = json!({"body": text, "account_ids": [account], "allow_duplicate": true});
        let first = answered(&client, &key, &body).await;
        assert_eq!(first.status, 201, "{}", first.text);
        for resend in 0..RESENDS {
            // Some at once, as a client with several tries in flight does.
            let (one, other) = tokio::join!(answered(&client, &key, &body), async {
                if resend == 0 { Some(answered(&client, &key, &body).await) } else { None }
            });
            for again in [Some(one), other].into_iter().flatten() {
                assert_eq!(shown(&again), shown(&first), "{key}");
                assert_eq!(again.header("idempotent-replayed"), "true", "{key}");
            }
        }
        let mut altered = body;
        altered["body"] = "something else".into();
        answered(&client, &key, &altered).await.refused(422, "idempotency_mismatch");
        made.push(first.json()["id"].as_str().expect("an id").to_owned());
        done.fetch_add(1, Ordering::Relaxed);
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_has_one_effect_though_the_engine_is_killed() {
    let (clients, keys) = (number("CAMPANILE_CLIENTS", 20), number("CAMPANILE_KEYS", 25));
    let restarts = number("CAMPANILE_RESTARTS", 3);
    let begun = Instant::now();
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    let done = Arc::new(AtomicUsize::new(0));
    let tasks = (0..clients)
        .map(|number| tokio::spawn(send_all(client.clone(), number, keys, account.clone(), Arc::clone(&done))));
    let tasks: Vec<_> = tasks.collect();
    for kill in 1..=restarts {
        let reached = clients * keys * kill / (restarts + 1);
        eventually("the clients get on", LIMIT * 5, async || {
            let now = done.load(Ordering::Relaxed);
            // One that has failed is heard of below.
            let failed = tasks.iter().any(tokio::task::JoinHandle::is_finished);
            if now >= reached || failed { Ok(()) } else { Err(now.to_string()) }
        })
        .await;
        engine.kill9();
        engine.restart().await;
    }
    let mut made = Vec::new();
    for task in tasks {
        made.extend(task.await.expect("no client was answered wrongly"));
    }
    let there: Vec<_> = client.all("/v1/posts").await;
    let ids: BTreeSet<_> = there.iter().map(|post| post["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!((there.len(), ids.len()), (clients * keys, clients * keys), "one effect for each key");
    assert_eq!(ids, made.into_iter().collect(), "the posts that were answered are those that are there");
    println!(
        "record: {clients} clients x {keys} keys x {} requests, {restarts} kills: {} posts, 0 differing answers, {} s",
        RESENDS + 3,
        ids.len(),
        begun.elapsed().as_secs()
    );
}
