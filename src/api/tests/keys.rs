//! What a secret opens, and what it never does.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use campanile_events::{
    clock::{ManualClock, SharedClock},
    key::KeyMode,
};
use chrono::Duration;
use serde_json::{Value, json};

use super::fixture::{Answered, Api};
use crate::access::{KeySecret, Peer};

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
    assert_eq!(taken.body["error"]["details"][0]["field"], "account_ids[0]");
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

/// An engine whose clock the test moves.
async fn at_noon() -> (Api, Arc<ManualClock>) {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    (Api::start_with(Arc::clone(&clock) as SharedClock, &["projector"]).await, clock)
}

async fn get_by(api: &Api, secret: &str, path: &str) -> Answered {
    api.send(Api::request_by(secret, "GET", path).body(Body::empty()).expect("a request")).await
}

fn types(history: &Answered) -> Vec<&str> {
    let events = history.body["data"].as_array().expect("events").iter();
    events.map(|event| event["type"].as_str().expect("a type")).collect()
}

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
    assert_eq!(asked(&new).await.status(), 200);
    assert_eq!(types(&api.get(&history).await), ["key.created", "key.rotated", "key.old_secret_used"]);
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
async fn a_key_is_changed_within_the_rights_of_who_asks() {
    let (api, _) = at_noon().await;
    let (account, other) = (api.account("ada").await, api.account("bob").await);
    let bounds = json!({
        "name": "bound", "scopes": ["posts:read", "keys:write"], "expires_in_days": 10,
        "rate_limit": {"per_minute": 50, "per_day": 900}, "allowed_ips": ["203.0.113.0/24"],
        "allowed_origins": ["https://a.example"], "allowed_accounts": [account],
    });
    let (_, bound) = api.key(bounds).await;
    let by_bound = async |method: &str, path: &str, body: Value| {
        let request = Api::request_by(&bound, method, path).header("origin", "https://a.example");
        let request = request.header("content-type", "application/json");
        let mut request = request.body(Body::from(body.to_string())).expect("a request");
        request.extensions_mut().insert(Peer("203.0.113.7".parse().expect("an address")));
        api.send(request).await
    };
    // What is not said is as its maker's.
    let made = by_bound("POST", "/v1/keys", json!({"name": "less", "scopes": ["posts:read"]})).await;
    assert_eq!(made.status(), 201, "{}", made.body);
    assert_eq!(made.body["allowed_ips"], json!(["203.0.113.0/24"]));
    assert_eq!(
        (&made.body["allowed_accounts"], &made.body["allowed_origins"]),
        (&json!([account]), &json!(["https://a.example"]))
    );
    assert_eq!(made.body["rate_limit"], json!({"per_minute": 50, "per_day": 900}));
    assert_eq!(made.body["expires_at"], json!("2026-12-11T09:00:00.000Z"));
    let beyond = [
        (json!({"scopes": ["posts:read", "posts:write"]}), "forbidden_scope", ""),
        (json!({"scopes": ["*"]}), "forbidden_scope", ""),
        (json!({"expires_in_days": 11}), "invalid_request", "expires_in_days"),
        (json!({"rate_limit": {"per_minute": 51, "per_day": 900}}), "invalid_request", "rate_limit"),
        (json!({"allowed_accounts": [other]}), "account_not_allowed", ""),
        (json!({"allowed_origins": ["https://b.example"]}), "origin_not_allowed", ""),
        (json!({"allowed_ips": ["203.0.112.0/23"]}), "ip_not_allowed", ""),
    ];
    let path = format!("/v1/keys/{}", made.id());
    for (body, code, field) in &beyond {
        let mut new = json!({"name": "more", "scopes": ["posts:read"]});
        new.as_object_mut().expect("fields").extend(body.as_object().expect("fields").clone());
        for (method, path, body) in [("POST", "/v1/keys", new), ("PATCH", path.as_str(), body.clone())] {
            let refused = by_bound(method, path, body.clone()).await;
            assert_eq!(refused.code(), *code, "{method} {body}: {}", refused.body);
            if !field.is_empty() {
                assert_eq!(refused.body["error"]["details"][0]["field"], *field, "{method} {body}");
            }
        }
    }
    for taken_away in ["allowed_accounts", "allowed_origins", "allowed_ips"] {
        let refused = by_bound("PATCH", &path, json!({taken_away: []})).await;
        assert_eq!(refused.status(), 403, "{taken_away}: {}", refused.body);
    }
    assert_eq!(by_bound("PATCH", &path, json!({"expires_in_days": null})).await.code(), "invalid_request");
    let narrowed =
        by_bound("PATCH", &path, json!({"allowed_ips": ["203.0.113.8"], "name": " tiny ", "description": "d"})).await;
    assert_eq!(narrowed.status(), 200, "{}", narrowed.body);
    assert_eq!((&narrowed.body["name"], &narrowed.body["allowed_ips"]), (&json!("tiny"), &json!(["203.0.113.8/32"])));
    assert_eq!((&narrowed.body["revision"], narrowed.header("etag")), (&json!(2), "\"2\""));
    // The same again is no change, and a stranger's narrowing of a stronger key is none of more rights.
    assert_eq!(by_bound("PATCH", &path, json!({"name": "tiny"})).await.body["revision"], 2);
    let (strong, strong_secret) =
        api.key(json!({"name": "strong", "scopes": ["*"], "allowed_accounts": [account]})).await;
    let strong = format!("/v1/keys/{strong}");
    assert_eq!(by_bound("PATCH", &strong, json!({"scopes": ["posts:write"]})).await.status(), 200);
    assert_eq!(get_by(&api, &strong_secret, "/v1/posts").await.code(), "forbidden_scope", "narrowed at once");
    // Widened again, it would hold for ever, which its changer doesn't.
    let back = by_bound("PATCH", &strong, json!({"scopes": ["posts:read"]})).await;
    assert_eq!(back.body["error"]["details"][0]["field"], "expires_in_days", "{}", back.body);
    let stale = api.request("PATCH", &path).header("if-match", "\"1\"").header("content-type", "application/json");
    let stale = api.send(stale.body(Body::from(r#"{"name":"x"}"#)).expect("a request")).await;
    assert_eq!(stale.code(), "version_mismatch");
    let freed =
        api.call("PATCH", &path, json!({"expires_in_days": null, "description": null, "allowed_ips": []})).await;
    assert_eq!(
        (&freed.body["expires_at"], &freed.body["description"], &freed.body["allowed_ips"]),
        (&json!(null), &json!(null), &json!([]))
    );
    api.call("DELETE", &path, json!({})).await;
    let dead = api.call("PATCH", &path, json!({"name": "again"})).await;
    assert_eq!((dead.status(), &dead.body["error"]["state"]), (409, &json!("revoked")));
}

#[tokio::test]
async fn a_key_opens_from_where_it_may_and_says_from_where_it_was_used() {
    let api = Api::start().await;
    let body = json!({"name": "office", "scopes": ["posts:read"], "allowed_ips": ["203.0.113.0/24", "2001:db8::/32"]});
    let (id, secret) = api.key(body).await;
    let from = async |peer: Option<&str>| {
        let request = Api::request_by(&secret, "GET", "/v1/posts").header("x-forwarded-for", "203.0.113.7");
        let mut request = request.body(Body::empty()).expect("a request");
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer.parse().expect("an address")));
        }
        let answered = api.send(request).await;
        (answered.status(), answered.code().to_owned())
    };
    let refused = || (403, "ip_not_allowed".to_owned());
    for (peer, expected) in [
        (None, refused()),
        (Some("198.51.100.1"), refused()),
        (Some("2001:db9::1"), refused()),
        (Some("2001:db8::1"), (200, String::new())),
        (Some("::ffff:203.0.113.9"), (200, String::new())),
    ] {
        assert_eq!(from(peer).await, expected, "{peer:?}");
    }
    let shown = api.get(&format!("/v1/keys/{id}")).await.body;
    assert_eq!(shown["last_used_from"], "203.0.113.9");
    let (_, page) =
        api.key(json!({"name": "page", "scopes": ["posts:read"], "allowed_origins": ["https://A.example/"]})).await;
    for (origin, code) in [
        (None, "origin_not_allowed"),
        (Some("https://b.example"), "origin_not_allowed"),
        (Some("https://a.example"), ""),
    ] {
        let request =
            origin.iter().fold(Api::request_by(&page, "GET", "/v1/posts"), |it, origin| it.header("origin", *origin));
        assert_eq!(api.send(request.body(Body::empty()).expect("a request")).await.code(), code, "{origin:?}");
    }
    for (field, wrong) in [("allowed_ips", "203.0.113.0/33"), ("allowed_origins", "https://a.example/path")] {
        let refused = api.call("POST", "/v1/keys", json!({"name": "x", "scopes": ["*"], field: [wrong]})).await;
        assert_eq!(refused.body["error"]["details"][0]["field"], format!("{field}[0]"));
    }
}

#[tokio::test]
async fn a_key_that_is_bound_to_accounts_reaches_no_other() {
    let api = Api::start().await;
    let (own, other) = (api.account("ada").await, api.account("bob").await);
    let (_, secret) = api.key(json!({"name": "b", "scopes": ["*"], "allowed_accounts": [own]})).await;
    let mine = api.call_by(&secret, "POST", "/v1/posts", json!({"body": "mine", "account_ids": [own]})).await;
    assert_eq!(mine.status(), 201, "{}", mine.body);
    let theirs = api.call("POST", "/v1/posts", json!({"body": "theirs", "account_ids": [other]})).await.id();
    let both = api.call("POST", "/v1/posts", json!({"body": "both", "account_ids": [own, other]})).await.id();
    let mut asked = vec![
        ("POST", "/v1/posts".to_owned(), json!({"body": "x", "account_ids": [own, other]})),
        ("POST", "/v1/posts/validate".to_owned(), json!({"body": "x", "account_ids": [other]})),
        ("PATCH", format!("/v1/posts/{}", mine.id()), json!({"account_ids": [own, other]})),
        ("GET", format!("/v1/accounts/{other}"), json!({})),
        ("DELETE", format!("/v1/accounts/{other}"), json!({})),
        ("POST", "/v1/connect/sandbox".to_owned(), json!({"handle": "new", "delivery": "keyed"})),
        ("POST", "/v1/connect/sandbox".to_owned(), json!({"handle": "bob", "delivery": "keyed"})),
    ];
    for post in [&theirs, &both] {
        let path = |verb: &str| format!("/v1/posts/{post}{verb}");
        asked.extend([
            ("GET", path(""), json!({})),
            ("GET", path("/results"), json!({})),
            ("GET", path("/history"), json!({})),
            ("PATCH", path(""), json!({"body": "y"})),
            ("DELETE", path(""), json!({})),
            ("POST", path("/schedule"), json!({"at": "2126-12-01T09:00:00Z"})),
            ("POST", path("/unschedule"), json!({})),
            ("POST", path("/publish"), json!({})),
            ("POST", path("/cancel"), json!({})),
            ("POST", path("/retry"), json!({})),
            ("POST", path("/resolve"), json!({"account_id": own, "outcome": "published"})),
        ]);
    }
    let before = api.position().await;
    for (method, path, body) in asked {
        let refused = api.call_by(&secret, method, &path, body).await;
        assert_eq!(
            (refused.status(), refused.code()),
            (403, "account_not_allowed"),
            "{method} {path}: {}",
            refused.body
        );
    }
    assert_eq!(api.position().await, before, "nothing was done");
    let ids = async |path: &str| {
        let listed = get_by(&api, &secret, path).await.body;
        listed["data"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| it["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!((ids("/v1/posts").await, ids("/v1/accounts").await), (vec![mine.id()], vec![own]));
    let unknown = json!({"name": "x", "scopes": ["*"], "allowed_accounts": ["acct_01k00000000000000000000000"]});
    assert_eq!(api.call("POST", "/v1/keys", unknown).await.body["error"]["details"][0]["code"], "not_found");
}

#[tokio::test]
async fn limits_are_told_and_kept() {
    let (api, clock) = at_noon().await;
    let body = json!({"name": "slow", "scopes": ["posts:read"], "rate_limit": {"per_minute": 3, "per_day": 4}});
    let (_, secret) = api.key(body).await;
    clock.advance(Duration::milliseconds(17_500));
    for (left, of_day) in [("2", "3"), ("1", "2"), ("0", "1")] {
        let answered = get_by(&api, &secret, "/v1/posts").await;
        assert_eq!((answered.status(), answered.header("x-ratelimit-limit")), (200, "3"));
        assert_eq!(answered.header("x-ratelimit-remaining"), left);
        assert_eq!(answered.header("x-ratelimit-reset"), "1796115660");
        assert_eq!(answered.header("ratelimit-policy"), "\"minute\";q=3;w=60, \"day\";q=4;w=86400");
        let is = format!("\"minute\";r={left};t=43, \"day\";r={of_day};t=53983");
        assert_eq!(answered.header("ratelimit"), is);
    }
    let refused = get_by(&api, &secret, "/v1/posts").await;
    assert_eq!((refused.status(), refused.code(), refused.header("retry-after")), (429, "rate_limited", "43"));
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    clock.advance(Duration::milliseconds(42_500));
    let last = get_by(&api, &secret, "/v1/keys").await;
    assert_eq!((last.code(), last.header("x-ratelimit-remaining")), ("forbidden_scope", "0"), "the day has none left");
    let refused = get_by(&api, &secret, "/v1/posts").await;
    assert_eq!((refused.status(), refused.header("retry-after")), (429, "53940"));
    assert_eq!(api.get("/v1/posts").await.header("x-ratelimit-limit"), "", "the first key has none");
}

#[tokio::test]
async fn keys_are_found_by_status_and_name() {
    let (api, clock) = at_noon().await;
    for (name, days) in [("Deploy north", Some(1)), ("deploy south", None), ("report", None)] {
        api.key(json!({"name": name, "scopes": ["posts:read"], "expires_in_days": days})).await;
    }
    let (dead, _) = api.key(json!({"name": "old deploy", "scopes": ["posts:read"]})).await;
    api.call("DELETE", &format!("/v1/keys/{dead}"), json!({})).await;
    clock.advance(Duration::days(1));
    let names = async |query: &str| {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = api.get(&format!("/v1/keys?{query}&cursor={cursor}")).await.body;
            let rows = part["data"].as_array().unwrap_or_else(|| panic!("{query}: {part}"));
            names.extend(rows.iter().map(|it| it["name"].as_str().expect("a name").to_owned()));
            match part["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return names,
            }
        }
    };
    assert_eq!(names("status=active").await, ["report", "deploy south", "init"]);
    assert_eq!(names("status=expired").await, ["Deploy north"]);
    assert_eq!(names("status=revoked").await, ["old deploy"]);
    let deploys = ["old deploy", "deploy south", "Deploy north"];
    assert_eq!(names("name=DEPLOY").await, deploys);
    assert_eq!(names("name=deploy&limit=1").await, deploys);
    assert_eq!(names("name=deploy&offset=1&limit=50").await, deploys[1..]);
    assert_eq!(names("name=deploy&status=active").await, ["deploy south"]);
    assert_eq!(api.get("/v1/keys?status=dead").await.code(), "invalid_request");
}
