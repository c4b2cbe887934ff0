//! The form of requests and errors.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Engine, Options};

async fn raw(client: &Client, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, "/v1/posts").header(CONTENT_TYPE, content_type).body(body);
    client.send(request).await
}

fn names(error: &Value, field: &str) -> bool {
    let details = error["details"].as_array();
    details.is_some_and(|details| {
        details.iter().any(|detail| detail["field"].as_str().is_some_and(|it| it.contains(field)))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_is_named() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let own = client.own_account().await;
    let draft = client.post("/v1/posts", json!({"body": "well", "account_ids": [own]})).await.expect(201);
    let post = format!("/v1/posts/{}", draft["id"].as_str().expect("an id"));
    let schedule = format!("{post}/schedule");
    for (path, body, field) in [
        ("/v1/posts", json!({"body": "x", "account_ids": [own], "bodyy": "x"}), "bodyy"),
        ("/v1/posts", json!({"body": "a\u{0}b", "account_ids": [own]}), "body"),
        ("/v1/posts", json!({"body": 7, "account_ids": [own]}), "body"),
        ("/v1/posts", json!({"body": "x", "account_ids": ["user_1"]}), "account_ids"),
        ("/v1/posts", json!({"body": "x", "account_ids": []}), "account_ids"),
        ("/v1/posts", json!({"body": "x", "account_ids": [own], "schedule": {"at": "2026-12-01T09:00:00"}}), "at"),
        (&schedule, json!({"at": "2126-12-01T09:00:00"}), "at"),
        (&schedule, json!({"at": "tomorrow"}), "at"),
        (&schedule, json!({"local_time": "2126-12-01T09:00:00", "time_zone": "Europe/Atlantis"}), "time_zone"),
        (&schedule, json!({"local_time": "2126-12-01T09:00:00Z", "time_zone": "Europe/Berlin"}), "local_time"),
        ("/v1/keys", json!({"name": "x", "scopes": ["posts:fly"]}), "scopes"),
        ("/v1/keys", json!({"scopes": ["posts:read"]}), "name"),
        ("/v1/keys", json!({"name": "a\u{0}b", "scopes": []}), "name"),
    ] {
        let error = client.post(path, body.clone()).await.refused(400, "invalid_request");
        assert!(names(&error, field), "{path} {body}: {error}");
    }
    let error = client.patch(&post, json!({"colour": "red"})).await.refused(400, "invalid_request");
    assert!(names(&error, "colour"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_has_the_same_form() {
    let engine = Engine::start(Options::default()).await;
    let (client, anonymous) = (engine.client(), engine.anonymous());
    raw(&client, "application/json", "{\"body\": ").await.refused(400, "invalid_request");
    raw(&client, "application/json", "[]").await.refused(400, "invalid_request");
    raw(&client, "application/json", vec![b'"', 0xff, b'"']).await.refused(400, "invalid_request");
    raw(&client, "text/plain", "{}").await.refused(415, "unsupported_media_type");
    let own = client.own_account().await;
    let large = json!({"body": "x".repeat(2 * 1024 * 1024), "account_ids": [own]}).to_string();
    raw(&client, "application/json", large).await.refused(413, "payload_too_large");
    client.get("/v1/nothing").await.refused(404, "not_found");
    anonymous.get("/nothing").await.refused(404, "not_found");
    client.get("/v1/posts/post_01k00000000000000000000000").await.refused(404, "not_found");
    client.get("/v1/posts/not-an-id").await.refused(404, "not_found");
    client.get("/v1/keys/key_01k00000000000000000000000").await.refused(404, "not_found");
    client.patch("/v1/posts", json!({})).await.refused(405, "method_not_allowed");
    client.get("/v1/posts?limit=51").await.refused(400, "invalid_request");
    client.get("/v1/posts?cursor=made-up").await.refused(400, "invalid_request");
    client.get("/v1/posts?status=flying").await.refused(400, "invalid_request");
    client.post("/v1/connect/telegraph", json!({})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_request() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let own = client.get("/v1/posts").await;
    assert!(own.header("x-request-id").starts_with("req_"), "{}", own.header("x-request-id"));
    let ask = async |id: &str| client.send(client.request(Method::GET, "/v1/nothing").header("X-Request-Id", id)).await;
    let given = ask("trace-17.b_2").await;
    assert_eq!(given.header("x-request-id"), "trace-17.b_2");
    assert_eq!(given.refused(404, "not_found")["request_id"], "trace-17.b_2");
    for unsafe_id in ["a b", "<script>", &"x".repeat(129)] {
        assert!(ask(unsafe_id).await.header("x-request-id").starts_with("req_"), "{unsafe_id}");
    }
    assert!(engine.anonymous().get("/healthz").await.header("x-request-id").starts_with("req_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_tells_how_it_is() {
    let engine = Engine::start(Options::default()).await;
    let anonymous = engine.anonymous();
    assert_eq!(anonymous.get("/healthz").await.status, 200);
    let ready = anonymous.get("/readyz").await;
    assert!(ready.status == 200 && ready.text.lines().count() >= 3, "a line for each part: {}", ready.text);
    let metrics = anonymous.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text.lines().any(|line| line.starts_with("campanile_")), "{}", metrics.text);
}
