//! A key that follows another.

use axum::body::Body;
use chrono::Duration;
use serde_json::json;

use super::{super::fixture::Api, at_noon, get_by, types};

#[tokio::test]
async fn a_rotated_key_holds_for_its_overlap_and_its_late_use_is_noted_once() {
    let (api, clock) = at_noon().await;
    let (id, old) = api
        .key(json!({"name": "ci", "scopes": ["posts:read"], "allowed_origins": ["https://a.example"],
            "rate_limit": {"per_minute": 100, "per_day": 500}}))
        .await;
    let asked = async |secret: &str| {
        let request = Api::request_by(secret, "GET", "/v1/posts").header("origin", "https://a.example");
        api.send(request.body(Body::empty()).expect("a request")).await
    };
    let rotated = api.call("POST", &format!("/v1/keys/{id}/rotate"), json!({"overlap_seconds": 4_000})).await;
    assert_eq!(rotated.status(), 201, "{}", rotated.body);
    let new = rotated.body["secret"].as_str().expect("a secret").to_owned();
    let is = api.get(&format!("/v1/keys/{id}")).await.body;
    for field in ["name", "scopes", "mode", "rate_limit", "allowed_origins", "allowed_ips", "allowed_accounts"] {
        assert_eq!(rotated.body[field], is[field], "{field}");
    }
    assert_eq!((&rotated.body["predecessor"], &is["successor"]), (&json!(id), &rotated.body["id"]));
    assert_eq!(rotated.body["old_key_valid_until"], is["expires_at"]);
    let again = api.call("POST", &format!("/v1/keys/{id}/rotate"), json!({})).await;
    assert_eq!((again.status(), &again.body["error"]["state"]), (409, &json!("rotated")));
    let lengthened = async || {
        for days in [json!(null), json!(100)] {
            let longer = api.call("PATCH", &format!("/v1/keys/{id}"), json!({"expires_in_days": days})).await;
            assert_eq!((longer.status(), &longer.body["error"]["state"]), (409, &json!("rotated")), "{}", longer.body);
        }
    };
    lengthened().await;

    clock.advance(Duration::seconds(2_999));
    assert_eq!((asked(&old).await.status(), asked(&new).await.status()), (200, 200));
    let history = format!("/v1/keys/{id}/history");
    assert_eq!(types(&api.get(&history).await), ["key.created", "key.rotated"]);
    clock.advance(Duration::seconds(1));
    assert_eq!((asked(&old).await.status(), asked(&old).await.status()), (200, 200));
    let noted = async || types(&api.get(&history).await).len() > 2;
    while !noted().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(asked(&old).await.status(), 200);
    clock.advance(Duration::seconds(1_000));
    let late = asked(&old).await;
    assert_eq!((late.status(), &late.body["error"]["reason"]), (401, &json!("expired_key")));
    lengthened().await;
    assert_eq!(asked(&new).await.status(), 200);
    let told = api.get(&history).await;
    assert_eq!(types(&told), ["key.created", "key.rotated", "key.old_secret_used"]);
    for at in [1, 2] {
        assert_eq!(told.body["data"][at]["data"]["valid_until"], "2026-12-01T10:06:40.000Z", "{}", told.body);
    }
}

#[tokio::test]
async fn a_key_that_is_rotated_without_overlap_is_revoked_at_once() {
    let api = Api::start().await;
    let (id, old) = api.key(json!({"name": "ci", "scopes": ["posts:read"]})).await;
    let path = format!("/v1/keys/{id}/rotate");
    let rotated = api.call("POST", &path, json!({"overlap_seconds": 0})).await;
    assert_eq!(rotated.status(), 201, "{}", rotated.body);
    assert_eq!(get_by(&api, &old, "/v1/posts").await.body["error"]["reason"], "revoked_key");
    let over = api.call("POST", &path, json!({})).await;
    assert_eq!((over.code(), &over.body["error"]["state"]), ("conflict", &json!("revoked")));
    let (_, weak) = api.key(json!({"name": "weak", "scopes": ["keys:write"]})).await;
    let path = format!("/v1/keys/{}/rotate", rotated.id());
    let beyond = api.call_by(&weak, "POST", &path, json!({})).await;
    assert_eq!((beyond.code(), &beyond.body["error"]["scope"]), ("forbidden_scope", &json!("posts:read")));
    assert_eq!(api.call("POST", &path, json!({"overlap_seconds": 2_592_001})).await.code(), "invalid_request");
    let listed = api.get("/v1/keys").await.body["data"].as_array().map(Vec::len);
    assert_eq!(listed, Some(4), "what was refused left no key behind");
}

#[tokio::test]
async fn a_rotation_is_replayed_with_its_secret() {
    let api = Api::start().await;
    let (id, _) = api.key(json!({"name": "ci", "scopes": ["posts:read"]})).await;
    let send = async || {
        let request = api.request("POST", &format!("/v1/keys/{id}/rotate")).header("idempotency-key", "turn");
        let request = request.header("content-type", "application/json");
        api.send(request.body(Body::from(json!({"overlap_seconds": 60}).to_string())).expect("a request")).await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!((first.status(), second.status()), (201, 201), "{} {}", first.body, second.body);
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), ("", "true"));
    assert_eq!(first.body, second.body);
    assert!(second.body["secret"].as_str().is_some_and(|secret| secret.starts_with("sk_live_")));
}

#[tokio::test]
async fn a_key_and_those_that_follow_it_share_their_limits() {
    let (api, clock) = at_noon().await;
    let limit = json!({"per_minute": 7, "per_day": 8});
    let (id, first) = api.key(json!({"name": "ci", "scopes": ["posts:read"], "rate_limit": limit})).await;
    let asked = async |secret: &str| {
        let answered = get_by(&api, secret, "/v1/posts").await;
        (answered.status(), answered.header("x-ratelimit-remaining").to_owned())
    };
    let rotate = async |id: &str| {
        let rotated = api.call("POST", &format!("/v1/keys/{id}/rotate"), json!({"overlap_seconds": 90})).await;
        (rotated.id(), rotated.body["secret"].as_str().expect("a secret").to_owned())
    };
    assert_eq!(asked(&first).await, (200, "6".to_owned()));
    let (id, second) = rotate(&id).await;
    assert_eq!(asked(&second).await, (200, "5".to_owned()));
    assert_eq!(asked(&first).await, (200, "4".to_owned()));
    let (id, third) = rotate(&id).await;
    let (_, fourth) = rotate(&id).await;
    for (secret, left) in [(&fourth, "3"), (&third, "2"), (&first, "1"), (&second, "0")] {
        assert_eq!(asked(secret).await, (200, left.to_owned()));
    }
    for secret in [&first, &second, &third, &fourth] {
        assert_eq!(asked(secret).await, (429, "0".to_owned()));
    }
    clock.advance(Duration::seconds(91));
    assert_eq!(asked(&fourth).await, (200, "0".to_owned()), "what those before used of the day is used");
    assert_eq!(asked(&fourth).await.0, 429);
}
