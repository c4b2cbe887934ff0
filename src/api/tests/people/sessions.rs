//! Sessions: what their tokens open, for how long, and how they end.

use std::sync::Arc;

use campanile_events::clock::{ManualClock, SharedClock};
use chrono::Duration;
use serde_json::json;

use crate::{
    access::{Token, TokenKind},
    api::tests::fixture::Api,
};

#[tokio::test]
async fn a_session_is_its_person_until_it_is_ended() {
    let api = Api::start().await;
    let begun =
        api.arrive("POST", "/v1/auth/login", json!({"email": " ADA@Example.com ", "password": Api::PASSWORD})).await;
    assert_eq!(begun.status(), 200, "{}", begun.body);
    let token = begun.body["token"].as_str().expect("a token");
    assert!(token.starts_with("st_") && token.len() == 52);
    assert_eq!(begun.body["person"]["email"], Api::OWNER);
    assert_eq!(
        (&begun.body["workspaces"][0]["name"], &begun.body["workspaces"][0]["role"]),
        (&json!("default"), &json!("owner"))
    );
    let me = api.call_by(token, "GET", "/v1/me", json!(null)).await;
    assert_eq!(me.status(), 200, "{}", me.body);
    assert_eq!(
        (&me.body["type"], &me.body["role"], &me.body["scopes"]),
        (&json!("person"), &json!("owner"), &json!(["*"]))
    );
    assert_eq!((&me.body["person"], &me.body["session"]["id"]), (&begun.body["person"], &begun.body["session_id"]));
    assert_eq!((me.header("x-ratelimit-limit"), me.header("x-ratelimit-remaining")), ("60", "59"));
    let key = api.get("/v1/me").await.body;
    assert_eq!((&key["type"], &key["workspace_id"]), (&json!("key"), &me.body["workspace_id"]));

    let made = api.call_by(token, "POST", "/v1/keys", json!({"name": "hers", "scopes": ["posts:read"]})).await;
    assert_eq!((made.status(), &made.body["created_by"]), (201, &me.body["person"]["id"]), "{}", made.body);
    assert_eq!(made.body["rate_limit"], json!({"per_minute": 60, "per_day": 10_000}));

    let second = api.login(Api::OWNER, Api::PASSWORD).await;
    let third = api.login(Api::OWNER, Api::PASSWORD).await;
    let listed = api.call_by(&second, "GET", "/v1/auth/sessions", json!(null)).await.body;
    let all = listed["data"].as_array().expect("sessions");
    assert_eq!((all.len(), all.iter().filter(|it| it["current"] == true).count()), (3, 1), "{listed}");
    assert!(!listed.to_string().contains(&second[3..]), "a token is shown once");
    let first = format!("/v1/auth/sessions/{}", begun.body["session_id"].as_str().expect("an id"));
    assert_eq!(api.call_by(&second, "DELETE", &first, json!({})).await.status(), 204);
    assert_eq!(api.call_by(&second, "DELETE", &first, json!({})).await.status(), 404);
    let ended = api.call_by(token, "GET", "/v1/posts", json!(null)).await;
    assert_eq!((ended.status(), &ended.body["error"]["reason"]), (401, &json!("expired_session")), "{}", ended.body);
    assert_eq!(ended.header("www-authenticate"), "Bearer");
    assert_eq!(api.call_by(&third, "POST", "/v1/auth/logout", json!({})).await.status(), 204);
    assert_eq!(api.call_by(&third, "GET", "/v1/me", json!(null)).await.status(), 401);
    assert_eq!(api.call_by(&second, "DELETE", "/v1/auth/sessions", json!({})).await.status(), 204);
    assert_eq!(api.call_by(&second, "GET", "/v1/me", json!(null)).await.status(), 401);

    let unknown = Token::generate(TokenKind::Session);
    for (token, reason) in [(unknown.expose(), "expired_session"), ("st_nonsense", "invalid_key")] {
        let refused = api.call_by(token, "GET", "/v1/me", json!(null)).await;
        assert_eq!((refused.status(), &refused.body["error"]["reason"]), (401, &json!(reason)));
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_on_its_last_day() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(Arc::clone(&clock) as SharedClock, &["api", "projector"]).await;
    let [idle, used] = [api.login(Api::OWNER, Api::PASSWORD).await, api.login(Api::OWNER, Api::PASSWORD).await];
    let status = async |token: &str| api.call_by(token, "GET", "/v1/me", json!(null)).await.status();
    for _ in 0..15 {
        clock.advance(Duration::hours(11));
        assert_eq!(status(&used).await, 200);
    }
    assert_eq!(status(&idle).await, 401);
    clock.advance(Duration::hours(3));
    assert_eq!(status(&used).await, 401, "after seven days, used or not");
}

#[tokio::test]
async fn a_persons_sessions_share_one_limit_which_keeps_nobody_from_going() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(Arc::clone(&clock) as SharedClock, &["api", "projector"]).await;
    let [first, second] = [api.login(Api::OWNER, Api::PASSWORD).await, api.login(Api::OWNER, Api::PASSWORD).await];
    let asked = async |token: &str| api.call_by(token, "GET", "/v1/workspaces", json!(null)).await;
    for left in (0..60_usize).rev() {
        let answered = asked([&first, &second][left % 2]).await;
        assert_eq!((answered.status(), answered.header("x-ratelimit-remaining")), (200, left.to_string().as_str()));
    }
    let refused = asked(&first).await;
    assert_eq!((refused.status(), refused.code(), refused.header("retry-after")), (429, "rate_limited", "60"));
    let third = api.login(Api::OWNER, Api::PASSWORD).await;
    for token in [&second, &third] {
        assert_eq!(asked(token).await.code(), "rate_limited", "another session of the same person");
    }
    assert_eq!(api.get("/v1/me").await.status(), 200, "a key");
    let gone = api.call_by(&first, "POST", "/v1/auth/logout", json!({})).await;
    assert_eq!((gone.status(), gone.header("x-ratelimit-remaining"), gone.header("retry-after")), (204, "0", ""));
    assert_eq!(asked(&first).await.status(), 401);
    assert_eq!(api.call_by(&second, "DELETE", "/v1/auth/sessions", json!({})).await.status(), 204);
    assert_eq!(asked(&third).await.status(), 401);
    clock.advance(Duration::minutes(1));
    let anew = api.login(Api::OWNER, Api::PASSWORD).await;
    assert_eq!(asked(&anew).await.header("x-ratelimit-remaining"), "59");
}
