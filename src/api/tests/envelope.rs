//! Every refusal in its envelope, with nothing stored.

use axum::body::Body;
use serde_json::{Value, json};

use super::fixture::Api;

#[tokio::test]
async fn every_refusal_is_one_envelope() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let post = json!({"body": "x", "account_ids": [account]});
    let with = |field: &str, value: Value| {
        let mut body = post.clone();
        body[field] = value;
        body.to_string()
    };
    let long = format!("{{\"body\":\"{}\"}}", "x".repeat(1024 * 1024));
    let nobody = "/v1/posts/post_01k00000000000000000000000";
    for (method, path, body, status, code, field) in [
        ("GET", "/v1/nothing", String::new(), 404, "not_found", ""),
        ("GET", "/", String::new(), 404, "not_found", ""),
        ("GET", "/operator/log", String::new(), 404, "not_found", ""),
        ("GET", "/operator/log/events", String::new(), 404, "not_found", ""),
        ("POST", "/operator/log/checkpoint", String::new(), 404, "not_found", ""),
        ("GET", "/operator/keys", String::new(), 404, "not_found", ""),
        ("POST", "/operator/keys", json!({"name": "k", "scopes": ["*"]}).to_string(), 404, "not_found", ""),
        ("DELETE", "/operator/keys/key_01k00000000000000000000000", String::new(), 404, "not_found", ""),
        ("GET", "/operator/projections", String::new(), 404, "not_found", ""),
        ("POST", "/operator/projections/posts/rebuild", String::new(), 404, "not_found", ""),
        ("PUT", "/v1/posts", String::new(), 405, "method_not_allowed", ""),
        ("GET", nobody, String::new(), 404, "not_found", ""),
        ("GET", "/v1/posts/post_x", String::new(), 404, "not_found", ""),
        ("GET", "/v1/keys/post_x", String::new(), 404, "not_found", ""),
        ("POST", "/v1/posts/x/publish", String::new(), 404, "not_found", ""),
        ("GET", "/v1/posts?limit=51", String::new(), 400, "invalid_request", "limit"),
        ("GET", "/v1/posts?limit=x", String::new(), 400, "invalid_request", "limit"),
        ("GET", "/v1/posts?cursor=x", String::new(), 400, "invalid_request", "cursor"),
        ("GET", "/v1/posts?status=x", String::new(), 400, "invalid_request", "status"),
        ("GET", "/v1/posts?from=2026-12-01T09:00:00", String::new(), 400, "invalid_request", "from"),
        ("GET", "/v1/posts?colour=red", String::new(), 400, "invalid_request", "colour"),
        ("POST", "/v1/posts", "{".to_owned(), 400, "invalid_request", ""),
        ("POST", "/v1/posts", "{}".to_owned(), 400, "invalid_request", "body"),
        ("POST", "/v1/posts", long, 413, "payload_too_large", ""),
        ("POST", "/v1/posts", with("colour", json!("red")), 400, "invalid_request", "colour"),
        ("POST", "/v1/posts", with("body", json!("a\0b")), 400, "invalid_request", "body"),
        ("POST", "/v1/posts", with("thread", json!([{"text": "x"}])), 400, "invalid_request", "thread[0].text"),
        ("POST", "/v1/posts", with("account_ids", json!([])), 400, "invalid_request", "account_ids"),
        ("POST", "/v1/posts", with("account_ids", json!(["acct_x"])), 400, "invalid_request", "account_ids[0]"),
        ("POST", "/v1/posts", with("media_ids", json!(["media_x"])), 400, "invalid_request", "media_ids[0]"),
        (
            "POST",
            "/v1/posts",
            with("schedule", json!({"at": "2026-12-01T09:00:00"})),
            400,
            "invalid_request",
            "schedule.at",
        ),
        (
            "POST",
            "/v1/posts",
            with("schedule", json!({"at": "2020-12-01T09:00:00Z"})),
            400,
            "invalid_request",
            "schedule.at",
        ),
        ("POST", "/v1/posts", with("body", json!("x".repeat(501))), 422, "unprocessable_post", "body"),
        (
            "POST",
            "/v1/keys",
            json!({"name": "k", "scopes": ["posts:fly"]}).to_string(),
            400,
            "invalid_request",
            "scopes[0]",
        ),
        ("POST", "/v1/keys", json!({"name": "k", "scopes": []}).to_string(), 400, "invalid_request", "scopes"),
        ("POST", "/v1/connect/myspace", "{}".to_owned(), 404, "not_found", ""),
        ("GET", "/v1/connect/sandbox", String::new(), 400, "invalid_request", "platform"),
        (
            "POST",
            "/v1/connect/sandbox",
            json!({"handle": "a", "delivery": "keyed", "x": 1}).to_string(),
            400,
            "invalid_request",
            "x",
        ),
    ] {
        let before = api.position().await;
        let request = api.request(method, path).header("content-type", "application/json");
        let answered = api.send(request.body(Body::from(body)).expect("a request")).await;
        let case = format!("{method} {path}: {}", answered.body);
        assert_eq!((answered.status(), answered.code()), (status, code), "{case}");
        assert_eq!(answered.body["error"]["details"][0]["field"].as_str().unwrap_or_default(), field, "{case}");
        assert_eq!(answered.body["error"]["request_id"], answered.header("x-request-id"), "{case}");
        assert!(answered.header("x-request-id").starts_with("req_"), "{case}");
        assert_eq!(api.position().await, before, "{case}: nothing was stored");
    }
    let wrong_type = api.request("POST", "/v1/posts").header("content-type", "text/plain").body(Body::from("{}"));
    assert_eq!(api.send(wrong_type.expect("a request")).await.code(), "unsupported_media_type");
    let put = api.request("PUT", "/v1/posts").body(Body::empty()).expect("a request");
    let allowed = api.send(put).await;
    assert!(allowed.header("allow").contains("POST"), "{}", allowed.header("allow"));
}

#[tokio::test]
async fn every_wrong_parameter_of_a_list_is_named() {
    let api = Api::start().await;
    for (query, fields) in [
        (
            "/v1/posts?status=loud&limit=0&platform=tele&account_id=1&from=2&colour=3",
            &["limit", "from", "status", "account_id", "platform", "colour"][..],
        ),
        ("/v1/posts?from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&offset=x", &["offset", "from"]),
        ("/v1/accounts?status=loud&platform=tele&limit=51", &["limit", "status", "platform"]),
        ("/v1/keys?status=loud&offset=-1", &["offset", "status"]),
    ] {
        let refused = api.get(query).await;
        assert_eq!((refused.status(), refused.code()), (400, "invalid_request"), "{query}");
        let details = refused.body["error"]["details"].as_array().expect("details").iter();
        assert_eq!(details.map(|it| it["field"].as_str().expect("a field")).collect::<Vec<_>>(), fields, "{query}");
    }
}
