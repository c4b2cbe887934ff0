//! Who knows a thing already is not told it again, unless it may have changed.

use std::sync::Arc;

use axum::body::Body;
use campanile_events::clock::ManualClock;
use chrono::Duration;
use serde_json::{Value, json};

use super::fixture::{Answered, Api};

async fn known(api: &Api, method: &str, path: &str, tag: &str) -> Answered {
    let request = api.request(method, path).header("if-none-match", tag);
    api.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn what_did_not_change_is_not_told_again() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let post = api.call("POST", "/v1/posts", json!({"body": "one", "account_ids": [account]})).await.id();
    let (key, _) = api.key(json!({"name": "k", "scopes": ["posts:read"]})).await;
    for path in [format!("/v1/posts/{post}"), format!("/v1/accounts/{account}"), format!("/v1/keys/{key}")] {
        let first = api.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert_eq!((first.status(), tag.is_empty()), (200, false), "{path}");
        for (method, tags) in [
            ("GET", tag.clone()),
            ("HEAD", tag.clone()),
            ("GET", format!("W/{tag}")),
            ("GET", format!("\"99\", {tag}")),
            ("GET", "*".to_owned()),
        ] {
            let again = known(&api, method, &path, &tags).await;
            assert_eq!(
                (again.status(), &again.body, again.header("etag")),
                (304, &Value::Null, &*tag),
                "{path} {tags}"
            );
            assert!(again.header("x-request-id").starts_with("req_"), "{path}");
            assert_eq!((again.header("content-type"), again.header("content-length")), ("", ""), "{path}");
        }
        for other in ["\"99\"", "99", "", "\"x\""] {
            let again = known(&api, "GET", &path, other).await;
            assert_eq!((again.status(), &again.body), (200, &first.body), "{path} {other}");
        }
    }
    let path = format!("/v1/posts/{post}");
    let edited = api.call("PATCH", &path, json!({"body": "two"})).await;
    assert_eq!(known(&api, "GET", &path, "\"1\"").await.body["body"], "two");
    let tag = edited.header("etag").to_owned();
    assert_eq!(known(&api, "GET", &path, &tag).await.status(), 304);
    let scheduled = json!({"at": "2036-12-01T09:00:00Z"});
    let scheduled = api.call("POST", &format!("{path}/schedule"), scheduled).await;
    assert_eq!(known(&api, "GET", &path, &tag).await.body["status"], "scheduled");
    assert_eq!(known(&api, "GET", &path, scheduled.header("etag")).await.status(), 304);
    // A list and what is refused have no tag, and a command isn't a read.
    assert_eq!(known(&api, "GET", "/v1/posts", "*").await.status(), 200);
    assert_eq!(known(&api, "GET", "/v1/posts/post_01k00000000000000000000000", "*").await.status(), 404);
    assert_eq!(known(&api, "POST", &format!("{path}/unschedule"), "*").await.status(), 200);
}

#[tokio::test]
async fn what_moves_under_its_revision_is_told_whole() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("an instant"));
    let api = Api::start_with(clock.clone(), &["api", "projector"]).await;
    let account = api.account("ada").await;
    let post = api.call("POST", "/v1/posts", json!({"body": "one", "account_ids": [account]})).await;
    let path = format!("/v1/posts/{}", post.id());
    let tag = post.header("etag").to_owned();
    let canceled = api.call("POST", &format!("{path}/cancel"), json!({})).await;
    assert_eq!(canceled.header("etag"), tag, "a revision counts content and schedule");
    let read = known(&api, "GET", &path, &tag).await;
    assert_eq!((read.status(), &read.body["status"]), (200, &json!("canceled")));

    let (key, _) = api.key(json!({"name": "k", "scopes": ["posts:read"], "expires_in_days": 1})).await;
    let path = format!("/v1/keys/{key}");
    assert_eq!(known(&api, "GET", &path, "\"1\"").await.status(), 304);
    Arc::clone(&clock).advance(Duration::days(2));
    let read = known(&api, "GET", &path, "\"1\"").await;
    assert_eq!((read.status(), &read.body["status"]), (200, &json!("expired")));
}
