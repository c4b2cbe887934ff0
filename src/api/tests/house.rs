//! Accounts, positions, and the health of the whole.

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use super::fixture::Api;

#[tokio::test]
async fn an_account_that_is_connected_again_keeps_its_id() {
    let api = Api::start().await;
    let first = api.account("ada").await;
    assert_eq!(api.account("ada").await, first);
    assert_ne!(api.account("bob").await, first);
    assert_eq!(api.call("DELETE", &format!("/v1/accounts/{first}"), json!({})).await.status(), 204);
    assert_eq!(api.get(&format!("/v1/accounts/{first}")).await.code(), "not_found");
    assert_eq!(api.get("/v1/accounts").await.body["data"].as_array().map(Vec::len), Some(1));
    assert_ne!(api.account("ada").await, first, "what was disconnected stays so");
}

#[tokio::test]
async fn a_read_waits_for_the_position_that_its_client_has_seen() {
    let api = Api::start().await;
    let at = |position: String| {
        let request = api.request("GET", "/v1/posts").header("campanile-position", position);
        api.send(request.body(Body::empty()).expect("a request"))
    };
    assert_eq!(at(format!("1-{}", api.position().await)).await.status(), 200);
    let other_log = at("2-1".to_owned()).await;
    assert_eq!((other_log.status(), other_log.code(), other_log.header("retry-after")), (503, "unavailable", "1"));
    assert_eq!(at("soon".to_owned()).await.code(), "invalid_request");
}

#[tokio::test]
async fn a_private_address_is_no_instance() {
    let api = Api::start().await;
    let body = json!({"instance_url": "http://127.0.0.1:9", "access_token": "canary"});
    let refused = api.call("POST", "/v1/connect/mastodon", body).await;
    assert!(matches!(refused.code(), "connection_refused" | "invalid_request"), "{}", refused.body);
    assert!(!refused.body.to_string().contains("canary"));
}

#[tokio::test]
async fn health_tells_each_part() {
    let api = Api::start().await;
    let text = async |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        let response = api.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status.as_u16(), String::from_utf8(bytes.to_vec()).expect("text"))
    };
    assert_eq!(text("/healthz").await, (200, "ok\n".to_owned()));
    let (status, lines) = text("/readyz").await;
    assert_eq!(status, 200, "{lines}");
    for part in
        ["process: ok", "journal: ok", "projection posts: ok", "scheduler: ok", "workers: ok", "queue: ok", "disk: ok"]
    {
        assert!(lines.lines().any(|line| line.starts_with(part)), "{part}: {lines}");
    }
    let (_, figures) = text("/metrics").await;
    for name in
        ["campanile_build_info{version=", "campanile_log_position 5", "campanile_oldest_due_unclaimed_seconds 0"]
    {
        assert!(figures.contains(name), "{name}: {figures}");
    }
    api.engine.core().draining.store(true, std::sync::atomic::Ordering::Release);
    let (status, lines) = text("/readyz").await;
    assert!(status == 503 && lines.starts_with("process: failing"), "{lines}");
}
