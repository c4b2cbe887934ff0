//! From where, to what and how often a key opens.

use axum::body::Body;
use chrono::Duration;
use serde_json::json;

use super::{super::fixture::Api, at_noon, get_by};
use crate::access::Peer;

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
    let forged = api.call("POST", "/v1/keys", json!({"name": "x\nkey_y active", "scopes": ["*"]})).await;
    assert_eq!(forged.body["error"]["details"][0]["field"], "name", "{}", forged.body);
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
    let refused = api.call("POST", "/v1/keys", unknown).await;
    assert_eq!((refused.status(), refused.code()), (404, "not_found"));
    assert_eq!(refused.body["error"]["details"][0]["field"], "allowed_accounts");
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
async fn an_answer_to_a_key_tells_what_is_left_whatever_it_comes_to() {
    let (api, _) = at_noon().await;
    let limit = json!({"per_minute": 5, "per_day": 50});
    let body = json!({"name": "office", "scopes": ["posts:read"], "rate_limit": limit,
        "allowed_ips": ["203.0.113.0/24"], "allowed_origins": ["https://a.example"]});
    let (_, secret) = api.key(body).await;
    let asked = async |method: &str, path: &str, peer: &str, origin: &str| {
        let request = Api::request_by(&secret, method, path).header("origin", origin);
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(Peer(peer.parse().expect("an address")));
        api.send(request).await
    };
    let (office, page) = ("203.0.113.7", "https://a.example");
    let (away, evil) = ("198.51.100.1", "https://b.example");
    for (method, path, peer, origin, status, code, left) in [
        // Who may not use it from there uses nothing up.
        ("GET", "/v1/posts", away, page, 403, "ip_not_allowed", "5"),
        ("GET", "/v1/posts", office, evil, 403, "origin_not_allowed", "5"),
        ("GET", "/v1/nothing", away, page, 404, "not_found", "5"),
        ("GET", "/v1/nothing", office, page, 404, "not_found", "4"),
        ("PUT", "/v1/posts", office, page, 405, "method_not_allowed", "3"),
        ("PUT", "/v1/posts", office, evil, 405, "method_not_allowed", "3"),
        ("GET", "/v1/posts?colour=1", office, page, 400, "invalid_request", "2"),
        ("GET", "/v1/keys", office, page, 403, "forbidden_scope", "1"),
        ("GET", "/v1/posts", office, page, 200, "", "0"),
        ("GET", "/v1/posts", away, page, 403, "ip_not_allowed", "0"),
        ("GET", "/v1/nothing", office, page, 429, "rate_limited", "0"),
        ("PUT", "/v1/posts", office, page, 429, "rate_limited", "0"),
        ("GET", "/v1/posts", office, page, 429, "rate_limited", "0"),
    ] {
        let answered = asked(method, path, peer, origin).await;
        assert_eq!((answered.status(), answered.code()), (status, code), "{method} {path}");
        assert_eq!(answered.header("x-ratelimit-remaining"), left, "{method} {path} {status}");
        assert_eq!(answered.header("x-ratelimit-limit"), "5");
        assert!(answered.header("ratelimit").starts_with(&format!("\"minute\";r={left};")), "{method} {path}");
        assert!(!answered.header("ratelimit-policy").is_empty());
        assert_eq!(answered.header("retry-after").is_empty(), status != 429, "{method} {path} {status}");
        if status == 405 {
            assert_eq!(answered.header("allow"), "GET,HEAD,POST");
        }
    }
    for path in ["/v1/nothing", "/v1/posts"] {
        let stranger = api.arrive("PUT", path, json!(null)).await;
        assert_eq!(stranger.header("x-ratelimit-limit"), "", "{path}");
    }
}
