//! The same request again: answered, not done again.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use super::fixture::{Answered, Api};

fn keyed(secret: &str, path: &str, key: &str, body: &Value) -> Request<Body> {
    let request = Api::request_by(secret, "POST", path).header("content-type", "application/json");
    request.header("idempotency-key", key).body(Body::from(body.to_string())).expect("a request")
}

impl Api {
    async fn keyed(&self, path: &str, key: &str, body: &Value) -> Answered {
        self.send(keyed(&self.secret, path, key, body)).await
    }
}

/// What must be the same in both answers.
fn shown(answered: &Answered) -> (u16, Value, String, String) {
    let header = |name: &str| answered.header(name).to_owned();
    (answered.status(), answered.body.clone(), header("etag"), header("campanile-position"))
}

#[tokio::test]
async fn every_command_answers_as_it_did_first() {
    let api = Api::start().await;
    let connect = json!({"handle": "ada", "delivery": "keyed"});
    let account = api.keyed("/v1/connect/sandbox", "connect", &connect).await;
    let write = json!({"body": "later", "account_ids": [account.id()]});
    let post = api.keyed("/v1/posts", "write", &write).await;
    let id = post.id();
    let path = |verb: &str| format!("/v1/posts/{id}/{verb}");
    let make = json!({"name": "ci", "scopes": ["posts:read"], "expires_in_days": 1});
    let mut first = vec![
        ("/v1/connect/sandbox".to_owned(), "connect", connect, account),
        ("/v1/posts".to_owned(), "write", write, post),
    ];
    for (path, key, body) in [
        (path("schedule"), "schedule", json!({"at": "2036-12-01T09:00:00Z"})),
        (path("unschedule"), "unschedule", json!({})),
        (path("cancel"), "cancel", json!({})),
        ("/v1/keys".to_owned(), "make", make),
    ] {
        let answered = api.keyed(&path, key, &body).await;
        first.push((path, key, body, answered));
    }
    let before = api.position().await;
    for (path, key, body, answered) in &first {
        assert!(matches!(answered.status(), 200 | 201), "{path}: {}", answered.body);
        assert_eq!(answered.header("idempotent-replayed"), "", "{path}");
        let again = api.keyed(path, key, body).await;
        assert_eq!(again.header("idempotent-replayed"), "true", "{path}: {}", again.body);
        assert_eq!(shown(&again), shown(answered), "{path}");
        let mut altered = body.clone();
        altered["colour"] = "red".into();
        let refused = api.keyed(path, key, &altered).await;
        assert_eq!((refused.status(), refused.code()), (422, "idempotency_mismatch"), "{path}");
    }
    let secret = first.last().expect("a key").3.body["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("sk_live_"));
    let elsewhere = api.keyed("/v1/posts/validate", "write", &first[1].2).await;
    assert_eq!(elsewhere.code(), "idempotency_mismatch", "another path is another request");
    assert_eq!(api.position().await, before, "nothing was done again");
}

#[tokio::test]
async fn what_was_refused_is_tried_again() {
    let api = Api::start().await;
    let refused = api.keyed("/v1/posts", "k", &json!({"body": "x", "account_ids": []})).await;
    assert_eq!(refused.code(), "invalid_request");
    let account = api.account("ada").await;
    let made = api.keyed("/v1/posts", "k", &json!({"body": "x", "account_ids": [account]})).await;
    assert_eq!((made.status(), made.header("idempotent-replayed")), (201, ""), "{}", made.body);
    for key in ["", &"k".repeat(256)] {
        let refused = api.keyed("/v1/posts", key, &json!({"body": "y", "account_ids": [account]})).await;
        assert_eq!(refused.body["error"]["details"][0]["field"], "Idempotency-Key", "{}", refused.body);
    }
}

#[tokio::test]
async fn a_replay_is_for_who_may_ask_first() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let write = json!({"body": "x", "account_ids": [account], "schedule": {"at": "2036-12-01T09:00:00Z"}});
    assert_eq!(api.keyed("/v1/posts", "write", &write).await.status(), 201);
    let make = json!({"name": "all", "scopes": ["*"]});
    assert_eq!(api.keyed("/v1/keys", "make", &make).await.status(), 201);
    let (_, reader) = api.key(json!({"name": "r", "scopes": ["posts:read"]})).await;
    let (_, writer) = api.key(json!({"name": "w", "scopes": ["posts:write", "keys:write"]})).await;
    for (secret, path, key, body, code) in [
        (&reader, "/v1/posts", "write", &write, "forbidden_scope"),
        // Scheduling takes more than writing, for a replay too.
        (&writer, "/v1/posts", "write", &write, "forbidden_scope"),
        // A secret is not for another key, whatever it may do.
        (&writer, "/v1/keys", "make", &make, "idempotency_mismatch"),
    ] {
        let refused = api.send(keyed(secret, path, key, body)).await;
        assert_eq!(refused.code(), code, "{path}");
    }
    let stranger = api.stranger().await;
    let foreign = api.send(keyed(&stranger, "/v1/keys", "make", &make)).await;
    assert_eq!((foreign.status(), foreign.header("idempotent-replayed")), (201, ""), "another workspace's key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_equal_requests_at_once_one_is_carried_out() {
    let api = Arc::new(Api::start().await);
    let account = api.account("ada").await;
    let before = api.position().await;
    let body = json!({"body": "once", "account_ids": [account], "allow_duplicate": true});
    let all = (0..32).map(|_| {
        let (api, request) = (Arc::clone(&api), keyed(&api.secret, "/v1/posts", "k", &body));
        tokio::spawn(async move { api.send(request).await })
    });
    let mut ids = Vec::new();
    for answered in futures::future::join_all(all).await {
        let answered = answered.expect("answered");
        match answered.response.status() {
            StatusCode::CREATED => ids.push(answered.id()),
            status => assert_eq!((status.as_u16(), answered.code()), (409, "idempotency_in_progress")),
        }
    }
    ids.dedup();
    assert_eq!((ids.len(), api.position().await), (1, before + 1));
}

#[tokio::test]
async fn a_key_in_use_says_so_until_its_request_ends() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let body = json!({"body": "slow", "account_ids": [account]});
    // The writer is taken: the first waits for it.
    let side = Arc::clone(api.engine.core().side_everywhere());
    let writer = side.begin().await.expect("the writer");
    let first = tokio::spawn({
        let (router, request) = (api.router.clone(), keyed(&api.secret, "/v1/posts", "k", &body));
        async move { tower::ServiceExt::oneshot(router, request).await.expect("an answer").status() }
    });
    while api.engine.core().in_progress.is_idle() {
        tokio::task::yield_now().await;
    }
    let second = api.keyed("/v1/posts", "k", &json!({"body": "other", "account_ids": []})).await;
    assert_eq!((second.status(), second.code()), (422, "idempotency_mismatch"));
    let same = api.keyed("/v1/posts", "k", &body).await;
    assert_eq!((same.status(), same.code()), (409, "idempotency_in_progress"));
    drop(writer);
    assert_eq!(first.await.expect("ended"), StatusCode::CREATED);
    let same = api.keyed("/v1/posts", "k", &body).await;
    assert_eq!((same.status(), same.header("idempotent-replayed")), (201, "true"));
}
