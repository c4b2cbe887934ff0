//! Guessing passwords.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use campanile_events::clock::{ManualClock, SharedClock};
use chrono::Duration;
use serde_json::json;

use crate::{
    access::Peer,
    api::tests::fixture::{Answered, Api},
};

async fn guess(api: &Api, email: &str, password: &str, from: &str) -> Answered {
    let request = Request::builder().method("POST").uri("/v1/auth/login").header("content-type", "application/json");
    let peer = Peer(from.parse().expect("an address"));
    let body = json!({"email": email, "password": password}).to_string();
    api.send(request.extension(peer).body(Body::from(body)).expect("a request")).await
}

#[tokio::test]
async fn guesses_are_slowed_whether_there_is_an_account_or_not_and_never_recorded() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(Arc::clone(&clock) as SharedClock, &["api", "projector"]).await;
    let before = api.position().await;
    for email in [Api::OWNER, "nobody@example.com"] {
        for number in 0..5 {
            let refused = guess(&api, email, "wrong horse", &format!("203.0.113.{number}")).await;
            assert_eq!((refused.status(), refused.code()), (401, "unauthorized"), "{email} {number}");
            assert_eq!(refused.body["error"]["reason"], "invalid_credentials");
            assert_eq!(refused.body["error"]["message"], "the e-mail address or the password is wrong");
        }
        let slowed = guess(&api, email, Api::PASSWORD, "203.0.113.9").await;
        assert_eq!(
            (slowed.status(), slowed.code(), slowed.header("retry-after")),
            (429, "rate_limited", "1"),
            "{email}"
        );
        let error = &slowed.body["error"];
        assert_eq!(error["message"], "there were too many attempts to sign in: try again in 1 second");
        assert_eq!(error["retry_after_seconds"], "1");
    }
    clock.advance(Duration::seconds(1));
    let right = guess(&api, Api::OWNER, Api::PASSWORD, "203.0.113.9").await;
    assert_eq!(right.status(), 200, "{}", right.body);
    for number in 0..30 {
        guess(&api, &format!("p{number}@example.com"), "wrong horse", "198.51.100.1").await;
    }
    let slowed = guess(&api, Api::OWNER, Api::PASSWORD, "198.51.100.1").await;
    assert_eq!(slowed.status(), 429, "whoever it is, from there");
    assert_eq!(guess(&api, Api::OWNER, Api::PASSWORD, "198.51.100.2").await.status(), 200);
    assert_eq!(api.position().await, before, "no guess stands in the log");
    let figures = api.engine.core().metrics.text();
    for line in ["campanile_logins_total{outcome=\"refused\"} 3", "campanile_logins_total{outcome=\"signed_in\"} 2"] {
        assert!(figures.contains(line), "{line}: {figures}");
    }
}

#[tokio::test]
async fn what_is_no_address_and_what_is_too_long_is_wrong_like_the_rest() {
    let api = Api::start().await;
    for (email, password) in [("nobody", "x"), (Api::OWNER, ""), (Api::OWNER, &"x".repeat(5_000)), ("", "")] {
        let refused = guess(&api, email, password, "203.0.113.7").await;
        assert_eq!((refused.status(), refused.code()), (401, "unauthorized"), "{email}");
    }
    let canary = "canary-password-41d0";
    let strange = json!({"email": Api::OWNER, "password": canary, "remember": canary});
    let refused = api.arrive("POST", "/v1/auth/login", strange).await;
    assert_eq!(refused.code(), "invalid_request");
    assert!(!refused.body.to_string().contains(canary), "{}", refused.body);
}

#[tokio::test]
async fn what_opens_something_is_kept_by_no_cache() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let mut seen = Vec::new();
    let login = json!({"email": Api::OWNER, "password": Api::PASSWORD});
    seen.push(("login", api.arrive("POST", "/v1/auth/login", login).await));
    let guest = json!({"email": "bob@example.com", "role": "viewer"});
    seen.push(("invitation", api.call_by(&owner, "POST", "/v1/invitations", guest.clone()).await));
    seen.push(("at the machine", api.operate("POST", "/operator/people/invite", guest).await));
    let person = json!({"person": Api::OWNER});
    seen.push(("reset", api.operate("POST", "/operator/people/reset", person).await));
    let made = api.call("POST", "/v1/keys", json!({"name": "x", "scopes": ["posts:read"]})).await;
    let rotate = format!("/v1/keys/{}/rotate", made.id());
    seen.push(("key", made));
    seen.push(("rotation", api.call("POST", &rotate, json!({})).await));
    let announced = json!({"file_name": "a.png", "content_type": "image/png", "bytes": 70});
    seen.push(("upload", api.call("POST", "/v1/media/upload-url", announced).await));
    seen.push(("refusal", api.call("POST", "/v1/keys", json!({})).await));
    for (what, answered) in &seen {
        assert_eq!(answered.header("cache-control"), "no-store", "{what}: {}", answered.body);
    }
    assert!(seen.iter().filter(|(_, it)| it.status() < 300).count() >= 6);
    assert_eq!(api.get("/v1/me").await.header("cache-control"), "private, no-cache");
    let open = Request::builder().uri("/v1/openapi.json").body(Body::empty()).expect("a request");
    assert_eq!(api.send(open).await.header("cache-control"), "");
}
