//! Upload addresses end with what they were announced with: a key, or a session.

use std::{convert::Infallible, future, sync::Arc};

use axum::body::Body;
use campanile_events::clock::{ManualClock, SharedClock};
use chrono::Duration;
use futures::{StreamExt, channel::oneshot, stream};
use serde_json::json;

use super::{
    fixture::{Answered, Api},
    media::{PNG, announce, put, url},
};

const ADA: &str = "ada.second@example.com";
const CHANGED: &str = "another horse 77c2";

/// An address that a session was given.
async fn address(api: &Api, token: &str) -> String {
    let announced = announce(api, token).await;
    assert_eq!(announced.status(), 201, "{}", announced.body);
    url(&announced).to_owned()
}

/// Whether giving the bytes is refused, and with which code and fact.
fn refused<'a>(answered: &'a Answered, fact: &str) -> (u16, &'a str, &'a str) {
    (answered.status(), answered.code(), answered.body["error"][fact].as_str().unwrap_or_default())
}

const ENDED: (u16, &str, &str) = (401, "unauthorized", "expired_session");

#[tokio::test]
async fn an_upload_ends_with_the_session_that_announced_it() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    api.joined(&owner, ADA, "editor").await;
    let ways: [(&str, &str, serde_json::Value, bool); 5] = [
        ("POST", "/v1/auth/logout", json!({}), false),
        ("DELETE", "/v1/auth/sessions/{own}", json!({}), true),
        ("DELETE", "/v1/auth/sessions", json!({}), true),
        ("POST", "/v1/auth/password", json!({"current_password": Api::PASSWORD, "new_password": CHANGED}), true),
        ("POST", "/v1/auth/password", json!({"current_password": CHANGED, "new_password": Api::PASSWORD}), false),
    ];
    let mut password = Api::PASSWORD;
    for (method, path, body, by_another) in ways {
        let [own, other] = [api.login(ADA, password).await, api.login(ADA, password).await];
        let me = api.call_by(&own, "GET", "/v1/me", json!(null)).await.body;
        let path = path.replace("{own}", me["session"]["id"].as_str().expect("an id"));
        let (held, others) = (address(&api, &own).await, address(&api, &other).await);
        assert_eq!(put(&api, &held, PNG).await.status(), 204);
        let by = if by_another { &other } else { &own };
        assert_eq!(api.call_by(by, method, &path, body.clone()).await.status(), 204, "{method} {path}");
        if let Some(new) = body["new_password"].as_str() {
            password = if new == CHANGED { CHANGED } else { Api::PASSWORD };
        }
        let answered = put(&api, &held, PNG).await;
        // Who changes their password stays signed in where they do it.
        let stays = path.ends_with("/password") && !by_another;
        if stays {
            assert_eq!(answered.status(), 204, "{method} {path}: {}", answered.body);
        } else {
            assert_eq!(refused(&answered, "reason"), ENDED, "{method} {path}: {}", answered.body);
        }
        // The other session's address stands and falls with that one.
        let alive = api.call_by(&other, "GET", "/v1/me", json!(null)).await.status() == 200;
        assert_eq!(put(&api, &others, PNG).await.status() == 204, alive, "{method} {path}");
    }
}

#[tokio::test]
async fn an_upload_ends_with_a_reset_password_and_on_the_sessions_last_day() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(Arc::clone(&clock) as SharedClock, &["api", "projector"]).await;
    let token = api.login(Api::OWNER, Api::PASSWORD).await;
    let held = address(&api, &token).await;
    let link = api.operate("POST", "/operator/people/reset", json!({"person": Api::OWNER})).await;
    assert_eq!(link.status(), 201, "{}", link.body);
    assert_eq!(put(&api, &held, PNG).await.status(), 204, "a link that nobody used yet ends nothing");
    let body = json!({"token": link.body["token"], "password": CHANGED});
    assert_eq!(api.arrive("POST", "/v1/auth/reset", body).await.status(), 204);
    assert_eq!(refused(&put(&api, &held, PNG).await, "reason"), ENDED);

    let token = api.login(Api::OWNER, CHANGED).await;
    // Used all the while, it ends after seven days.
    for _ in 0..15 {
        clock.advance(Duration::hours(11));
        assert_eq!(api.call_by(&token, "GET", "/v1/me", json!(null)).await.status(), 200);
    }
    clock.advance(Duration::minutes(150));
    let held = address(&api, &token).await;
    assert_eq!(put(&api, &held, PNG).await.status(), 204);
    clock.advance(Duration::minutes(31));
    assert_eq!(refused(&put(&api, &held, PNG).await, "reason"), ENDED);
}

#[tokio::test]
async fn who_may_upload_no_more_gives_nothing_to_an_address_of_before() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let token = api.joined(&owner, ADA, "editor").await;
    let me = api.call_by(&token, "GET", "/v1/me", json!(null)).await.body;
    let person = format!("/v1/people/{}", me["person"]["id"].as_str().expect("an id"));
    let held = address(&api, &token).await;
    for (role, refusal) in [("viewer", Some((403, "forbidden_role", "viewer"))), ("editor", None)] {
        assert_eq!(api.call_by(&owner, "PATCH", &person, json!({"role": role})).await.status(), 200);
        let answered = put(&api, &held, PNG).await;
        match refusal {
            Some(refusal) => assert_eq!(refused(&answered, "role"), refusal, "{}", answered.body),
            None => assert_eq!(answered.status(), 204, "{}", answered.body),
        }
    }
    assert_eq!(api.call_by(&owner, "DELETE", &person, json!({})).await.status(), 204);
    assert_eq!(refused(&put(&api, &held, PNG).await, "reason"), ENDED);

    let (id, secret) = api.key(json!({"name": "uploader", "scopes": ["media:upload", "posts:read"]})).await;
    let held = address(&api, &secret).await;
    let narrowed = api.call("PATCH", &format!("/v1/keys/{id}"), json!({"scopes": ["posts:read"]})).await;
    assert_eq!(narrowed.status(), 200, "{}", narrowed.body);
    let answered = put(&api, &held, PNG).await;
    assert_eq!(refused(&answered, "scope"), (403, "forbidden_scope", "media:upload"), "{}", answered.body);
}

#[tokio::test]
async fn what_is_under_way_ends_with_the_session() {
    let api = Api::start().await;
    let token = api.login(Api::OWNER, Api::PASSWORD).await;
    let held = address(&api, &token).await;
    let (begun, has_begun) = oneshot::channel();
    let first = stream::once(async { Ok::<_, Infallible>(PNG[..3].to_vec()) });
    // Who asks for more has taken the first piece; and more never comes.
    let more = stream::once(async move {
        begun.send(()).expect("somebody waits");
        future::pending().await
    });
    let during = async {
        has_begun.await.expect("the upload has begun");
        assert_eq!(api.call_by(&token, "POST", "/v1/auth/logout", json!({})).await.status(), 204);
    };
    let (answered, ()) = tokio::join!(put(&api, &held, Body::from_stream(first.chain(more))), during);
    assert_eq!(refused(&answered, "reason"), ENDED, "{}", answered.body);
}
