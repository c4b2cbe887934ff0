//! The same request again, where it shows a password or a link's token.

use axum::{body::Body, http::Request};
use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    access::Passwords,
    api::tests::fixture::{Answered, Api},
};

const NEW: &str = "battery staple 77c2";

async fn arrive(api: &Api, path: &str, key: Option<&str>, body: &Value) -> Answered {
    let request = Request::builder().method("POST").uri(path).header("content-type", "application/json");
    let request = key.iter().fold(request, |request, key| request.header("idempotency-key", *key));
    api.send(request.body(Body::from(body.to_string())).expect("a request")).await
}

#[track_caller]
fn assert_replayed(again: &Answered, first: &Answered) {
    assert_eq!((again.status(), again.header("idempotent-replayed")), (first.status(), "true"), "{}", again.body);
    assert_eq!((&again.body, first.header("idempotent-replayed")), (&first.body, ""));
}

#[tokio::test]
async fn who_accepts_again_is_in() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let guest = json!({"email": "bob@example.com", "role": "editor"});
    let invited = api.call_by(&owner, "POST", "/v1/invitations", guest).await;
    let accept = async |key, password: &str| {
        let body = json!({"token": invited.body["token"], "password": password});
        arrive(&api, "/v1/invitations/accept", key, &body).await
    };
    assert_eq!(accept(Some("k"), "short").await.code(), "invalid_request", "what is refused is not remembered");
    let first = accept(Some("k"), NEW).await;
    assert_eq!(first.status(), 201, "{}", first.body);
    let position = api.position().await;
    assert_replayed(&accept(Some("k"), NEW).await, &first);
    assert_eq!(accept(Some("k"), "another one 99").await.code(), "idempotency_mismatch");
    assert_eq!(accept(None, NEW).await.code(), "not_found");
    assert_eq!(accept(Some("other"), NEW).await.code(), "not_found");
    assert_eq!(api.position().await, position);
    api.login("bob@example.com", NEW).await;

    let guest = json!({"email": "eve@example.com", "role": "viewer"});
    let invited = api.call_by(&owner, "POST", "/v1/invitations", guest).await;
    let body = json!({"token": invited.body["token"], "password": NEW});
    let hers = arrive(&api, "/v1/invitations/accept", Some("k"), &body).await;
    assert_eq!((hers.status(), hers.header("idempotent-replayed")), (201, ""), "her keys are her own: {}", hers.body);
}

#[tokio::test]
async fn a_password_that_is_set_again_is_set() {
    let api = Api::start().await;
    let people = &api.engine.core().people;
    let token = api.login(Api::OWNER, Api::PASSWORD).await;
    let change = async |key: &str, new: &str| {
        let request = Api::request_by(&token, "POST", "/v1/auth/password").header("content-type", "application/json");
        let body = json!({"current_password": Api::PASSWORD, "new_password": new}).to_string();
        api.send(request.header("idempotency-key", key).body(body.into()).expect("a request")).await
    };
    let first = change("k", NEW).await;
    assert_eq!(first.status(), 204, "{}", first.body);
    for _ in 0..8 {
        assert_replayed(&change("k", NEW).await, &first);
    }
    assert_eq!(change("k", "another one 99").await.code(), "idempotency_mismatch");
    assert_eq!(change("l", NEW).await.code(), "unauthorized", "another request");

    // As a crash between record and hash leaves it.
    let me = api.call_by(&token, "GET", "/v1/me", json!(null)).await;
    let id = me.body["person"]["id"].as_str().expect("an id").parse().expect("an id");
    let now = people.passwords().changed_at(id).await.expect("read").expect("one");
    let before = Passwords::hash(Api::PASSWORD.into()).await.expect("hashed");
    people.passwords().keep(id, before.clone(), now - Duration::hours(1)).await.expect("kept");
    assert_replayed(&change("k", NEW).await, &first);
    api.login(Api::OWNER, NEW).await;
    // What was set since is left alone.
    people.passwords().keep(id, before, now + Duration::hours(1)).await.expect("kept");
    assert_replayed(&change("k", NEW).await, &first);
    api.login(Api::OWNER, Api::PASSWORD).await;
}

#[tokio::test]
async fn a_link_that_was_used_by_the_same_request_is_no_other() {
    let api = Api::start().await;
    let offered = api.operate("POST", "/operator/people/reset", json!({"person": Api::OWNER})).await;
    let reset = async |key, password: &str| {
        let body = json!({"token": offered.body["token"], "password": password});
        arrive(&api, "/v1/auth/reset", key, &body).await
    };
    let first = reset(Some("k"), NEW).await;
    assert_eq!(first.status(), 204, "{}", first.body);
    assert_replayed(&reset(Some("k"), NEW).await, &first);
    assert_eq!(reset(Some("k"), "another one 99").await.code(), "idempotency_mismatch");
    assert_eq!(reset(None, NEW).await.code(), "not_found");
    api.login(Api::OWNER, NEW).await;
}

#[tokio::test]
async fn who_signs_in_by_the_same_request_has_one_session() {
    let api = Api::start().await;
    let login = async |key, password: &str| {
        let body = json!({"email": Api::OWNER, "password": password});
        arrive(&api, "/v1/auth/login", key, &body).await
    };
    let first = login(Some("k"), Api::PASSWORD).await;
    assert_replayed(&login(Some("k"), Api::PASSWORD).await, &first);
    assert_eq!(login(Some("k"), "wrong horse").await.code(), "unauthorized", "nobody is told who was let in");
    let too_long = "k".repeat(256);
    assert_eq!(login(Some(&too_long), Api::PASSWORD).await.code(), "invalid_request");
    let other = login(Some("l"), Api::PASSWORD).await;
    assert_ne!(other.body["token"], first.body["token"]);
    let token = first.body["token"].as_str().expect("a token");
    assert_eq!(api.call_by(token, "POST", "/v1/auth/logout", json!({})).await.status(), 204);
    let anew = login(Some("k"), Api::PASSWORD).await;
    assert_eq!((anew.status(), anew.header("idempotent-replayed")), (200, ""), "{}", anew.body);
    assert_ne!(anew.body["token"], first.body["token"], "what was ended isn't given again");
}
