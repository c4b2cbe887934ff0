//! What a secret opens, and what it never does.

use axum::{body::Body, http::Request};
use campanile_events::key::KeyMode;
use serde_json::json;

use super::super::fixture::Api;
use crate::access::KeySecret;

#[tokio::test]
async fn a_secret_opens_what_its_key_may() {
    let api = Api::start().await;
    let (reader, secret) = api.key(json!({"name": "reader", "scopes": ["posts:read", "keys:write"]})).await;
    let wrong = KeySecret::generate(KeyMode::Live);
    for (header, reason) in [
        (None, "missing_key"),
        (Some("Bearer ".to_owned()), "missing_key"),
        (Some("Bearer sk_live_nonsense".to_owned()), "invalid_key"),
        (Some(format!("Bearer {}", wrong.expose())), "invalid_key"),
    ] {
        let request = Request::builder().uri("/v1/posts");
        let request = header.iter().fold(request, |request, header| request.header("authorization", header));
        let refused = api.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!((refused.status(), refused.header("www-authenticate")), (401, "Bearer"), "{header:?}");
        assert_eq!(refused.body["error"]["reason"], reason, "{header:?}");
    }
    let own = Request::builder().uri("/v1/posts").header("x-api-key", &secret).header("x-request-id", "trace-7");
    let own = api.send(own.body(Body::empty()).expect("a request")).await;
    assert_eq!((own.status(), own.header("x-request-id")), (200, "trace-7"));
    let refused = api.call_by(&secret, "POST", "/v1/posts", json!({})).await;
    assert_eq!((refused.status(), refused.code()), (403, "forbidden_scope"));
    assert_eq!(refused.body["error"]["scope"], "posts:write");
    let beyond = api.call_by(&secret, "POST", "/v1/keys", json!({"name": "more", "scopes": ["audit:read"]})).await;
    assert_eq!((beyond.status(), beyond.code()), (403, "forbidden_scope"), "{}", beyond.body);

    let revoked = api.call("DELETE", &format!("/v1/keys/{reader}"), json!({})).await;
    assert_eq!((revoked.status(), &revoked.body["status"]), (200, &json!("revoked")), "{}", revoked.body);
    let late = api.send(Api::request_by(&secret, "GET", "/v1/posts").body(Body::empty()).expect("a request")).await;
    assert_eq!((late.status(), &late.body["error"]["reason"]), (401, &json!("revoked_key")));
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_not_there() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let post = api.call("POST", "/v1/posts", json!({"body": "x", "account_ids": [account]})).await.id();
    let stranger = api.stranger().await;
    for (method, path) in [
        ("GET", format!("/v1/posts/{post}")),
        ("GET", format!("/v1/posts/{post}/results")),
        ("GET", format!("/v1/posts/{post}/history")),
        ("POST", format!("/v1/posts/{post}/publish")),
        ("POST", format!("/v1/posts/{post}/cancel")),
        ("PATCH", format!("/v1/posts/{post}")),
        ("DELETE", format!("/v1/posts/{post}")),
        ("GET", format!("/v1/accounts/{account}")),
        ("DELETE", format!("/v1/accounts/{account}")),
    ] {
        let refused = api.call_by(&stranger, method, &path, json!({})).await;
        assert_eq!((refused.status(), refused.code()), (404, "not_found"), "{method} {path}");
    }
    let listed = api.send(Api::request_by(&stranger, "GET", "/v1/posts").body(Body::empty()).expect("a request")).await;
    assert_eq!(listed.body, json!({"data": [], "next_cursor": null}));
    let taken = api.call_by(&stranger, "POST", "/v1/posts", json!({"body": "x", "account_ids": [account]})).await;
    assert_eq!((taken.status(), taken.code()), (404, "not_found"));
    assert_eq!(taken.body["error"]["details"][0]["field"], "account_ids[0]");
    let body = json!({"body": "x", "account_ids": ["acct_01k00000000000000000000000"]});
    let nobodys = api.call_by(&stranger, "POST", "/v1/posts", body).await;
    assert_eq!((nobodys.status(), &nobodys.body["error"]["message"]), (404, &taken.body["error"]["message"]));
}

#[tokio::test]
async fn a_test_key_makes_test_keys_only() {
    let api = Api::start().await;
    let (_, test) = api.key(json!({"name": "t", "scopes": ["*"], "mode": "test"})).await;
    assert!(test.starts_with("sk_test_"));
    let live = api.call_by(&test, "POST", "/v1/keys", json!({"name": "l", "scopes": ["*"]})).await;
    assert_eq!((live.status(), live.code()), (403, "test_key_live_account"));
    let account = api.account("ada").await;
    let sandboxed = api.call_by(&test, "POST", "/v1/posts", json!({"body": "x", "account_ids": [account]})).await;
    assert_eq!(sandboxed.status(), 201, "{}", sandboxed.body);
}
