//! Which pages a browser lets ask: those that any live key lists, wherever that key was made.

use axum::{body::Body, http::Request};
use campanile_events::clock::ManualClock;
use campanile_test_servers::Postgres as Server;
use serde_json::json;

use super::fixture::Api;

const PAGE: &str = "https://app.example.com";

/// Whether a page of this origin may ask.
async fn may_ask(api: &Api, origin: &str) -> bool {
    let request = Request::builder().method("OPTIONS").uri("/v1/posts").header("origin", origin);
    let request = request.header("access-control-request-method", "GET").body(Body::empty()).expect("a request");
    api.send(request).await.header("access-control-allow-origin") == origin
}

#[tokio::test]
async fn a_page_may_ask_while_a_key_that_lists_it_holds() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(clock.clone(), &[]).await;
    assert!(!may_ask(&api, PAGE).await);
    let listing = |days: u32| json!({"name": "p", "scopes": ["*"], "allowed_origins": [PAGE], "expires_in_days": days});
    let (first, secret) = api.key(listing(1)).await;
    assert!(may_ask(&api, PAGE).await);
    clock.advance(chrono::Duration::days(1));
    assert!(!may_ask(&api, PAGE).await, "its time is over");
    let request = Api::request_by(&secret, "GET", "/v1/me").header("origin", PAGE);
    let refused = api.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!((refused.status(), refused.header("access-control-allow-origin")), (401, ""));

    let (second, _) = api.key(listing(2)).await;
    assert!(may_ask(&api, PAGE).await);
    let rotated = api.call("POST", &format!("/v1/keys/{second}/rotate"), json!({"overlap_seconds": 0})).await;
    assert_eq!(rotated.status(), 201, "{}", rotated.body);
    assert!(may_ask(&api, PAGE).await, "its successor lists what it listed");
    for key in [&rotated.id(), &first] {
        api.call("DELETE", &format!("/v1/keys/{key}"), json!({})).await;
    }
    assert!(!may_ask(&api, PAGE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_was_made_on_one_node_lists_for_another() {
    let server = Server::start();
    let [one, other] = Api::two(&server).await;
    assert!(!may_ask(&other, PAGE).await);
    let (id, _) = one.key(json!({"name": "p", "scopes": ["*"], "allowed_origins": [PAGE]})).await;
    assert!(may_ask(&other, PAGE).await && may_ask(&one, PAGE).await);
    assert_eq!(one.call("DELETE", &format!("/v1/keys/{id}"), json!({})).await.status(), 200);
    assert!(!may_ask(&other, PAGE).await && !may_ask(&one, PAGE).await);
}
