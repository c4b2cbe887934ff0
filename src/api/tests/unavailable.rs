//! What can't be done now: said so, and nothing half done.

use axum::body::Body;
use campanile_events::{
    clock::ManualClock,
    db::{Database, Value as Bound},
};
use serde_json::json;

use super::fixture::{Answered, Api};
use crate::api::{http::Needs, routes};

/// The tables' file may have so many pages from now on.
async fn most_pages(side: &dyn Database, pages: i64) {
    let mut transaction = side.begin().await.expect("the writer");
    let bound: Vec<Bound> = Vec::new();
    transaction.query(&format!("pragma max_page_count = {pages}"), bound).await.expect("set");
    transaction.commit().await.expect("committed");
}

fn refused(answered: &Answered) {
    let case = &answered.body;
    assert_eq!(
        (answered.status(), answered.code(), answered.header("retry-after")),
        (503, "unavailable", "1"),
        "{case}"
    );
    assert!(!case.to_string().contains("full"), "what is below is our own affair: {case}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_half_done() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let side = api.engine.core().side_everywhere().as_ref();
    // No more than there are: SQLite takes a limit below that for the present size.
    most_pages(side, 1).await;
    let post = |number: usize| json!({"body": "x".repeat(400), "account_ids": [account], "tags": [number.to_string()], "allow_duplicate": true});
    let mut written = 0;
    let full = loop {
        let answered = api.call("POST", "/v1/posts", post(written)).await;
        if answered.status() != 201 {
            break answered;
        }
        written += 1;
        assert!(written < 1_000, "the file has no end");
    };
    refused(&full);
    let before = api.position().await;
    for _ in 0..3 {
        refused(&api.call("POST", "/v1/posts", post(written)).await);
    }
    assert_eq!(api.position().await, before);
    let listed = api.get("/v1/posts?limit=1").await;
    assert_eq!(listed.status(), 200, "what is there can be read");
    most_pages(side, 1_000_000).await;
    let made = api.call("POST", "/v1/posts", post(written)).await;
    assert_eq!((made.status(), api.position().await), (201, before + 1), "{}", made.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_said_and_what_was_answered_is_there() {
    const REQUESTS: usize = 4_400;
    let api = Api::start().await;
    let account = api.account("ada").await;
    let before = api.position().await;
    let writer = api.engine.core().side_everywhere().begin().await.expect("the writer");
    let body = json!({"body": "x", "account_ids": [account], "allow_duplicate": true});
    let all = (0..REQUESTS).map(|_| api.call("POST", "/v1/posts", body.clone()));
    let all: futures::stream::FuturesUnordered<_> = all.collect();
    let mut all = std::pin::pin!(all);
    // Nobody is answered until the queue is full: who is then can only be refused.
    let first = futures::StreamExt::next(&mut all).await.expect("an answer");
    refused(&first);
    drop(writer);
    let (mut written, mut turned_away) = (0, 1);
    while let Some(answered) = futures::StreamExt::next(&mut all).await {
        if answered.status() == 201 {
            written += 1;
        } else {
            refused(&answered);
            turned_away += 1;
        }
    }
    assert_eq!(written + turned_away, REQUESTS);
    assert_eq!(api.position().await, before + written as u64);
}

#[tokio::test]
async fn an_answer_says_that_reads_do_not_show_it_yet() {
    let api = Api::start_with(ManualClock::starting_at(Api::START.parse().expect("a time")), &["api"]).await;
    let made = api.call("POST", "/v1/keys", json!({"name": "k", "scopes": ["posts:read"]})).await;
    assert_eq!((made.status(), made.header("campanile-projected")), (201, "false"), "{}", made.body);
    let position = made.header("campanile-position").to_owned();
    let read = api.request("GET", "/v1/keys").header("campanile-position", position);
    let begun = std::time::Instant::now();
    refused(&api.send(read.body(Body::empty()).expect("a request")).await);
    assert!(begun.elapsed().as_secs() >= 4, "it waits before it gives up");
}

#[tokio::test]
async fn an_expired_key_opens_no_route() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(clock.clone(), &["api", "projector"]).await;
    let (_, secret) = api.key(json!({"name": "k", "scopes": ["*"], "expires_in_days": 1})).await;
    let ask = async |method: &str, path: &str| {
        let request = Api::request_by(&secret, method, path).header("content-type", "application/json");
        api.send(request.body(Body::from("{}")).expect("a request")).await
    };
    assert_eq!(ask("GET", "/v1/me").await.status(), 200);
    clock.advance(chrono::Duration::days(1));
    let before = api.position().await;
    for route in routes::all().into_iter().filter(|route| route.needs != Needs::Nothing) {
        let path = route.path.replace("{id}", "x").replace("{platform}", "sandbox");
        let late = ask(route.method.as_str(), &path).await;
        let told = (late.status(), &late.body["error"]["reason"]);
        assert_eq!(told, (401, &json!("expired_key")), "{route:?}");
    }
    assert_eq!(api.position().await, before);
}
