//! What of a key can be changed, and by whom.

use axum::body::Body;
use serde_json::{Value, json};

use super::{super::fixture::Api, at_noon, get_by};
use crate::access::Peer;

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
async fn null_takes_away_what_may_be_absent_and_is_named_where_it_means_nothing() {
    let api = Api::start().await;
    let made = json!({
        "name": "k", "scopes": ["posts:read"], "description": "d", "expires_in_days": 9,
        "rate_limit": {"per_minute": 5, "per_day": 50}, "allowed_ips": ["203.0.113.0/24"],
    });
    let (id, _) = api.key(made).await;
    let path = format!("/v1/keys/{id}");
    let before = api.get(&path).await.body;
    let meaningless = ["name", "scopes", "rate_limit", "allowed_origins", "allowed_ips", "allowed_accounts"];
    let mut every: Value = meaningless.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    every["description"] = Value::Null;
    let refused = api.call("PATCH", &path, every).await;
    let mut named: Vec<_> = refused.body["error"]["details"].as_array().expect("details").iter().collect();
    named.sort_by_key(|it| meaningless.iter().position(|name| it["field"] == *name));
    assert_eq!((refused.status(), refused.code()), (400, "invalid_request"));
    assert_eq!(named.iter().map(|it| it["field"].as_str().expect("a field")).collect::<Vec<_>>(), meaningless);
    assert!(named.iter().all(|it| it["code"] == "invalid"), "{named:?}");
    assert_eq!(api.get(&path).await.body, before, "nothing was changed");

    let cleared = api.call("PATCH", &path, json!({"description": null, "expires_in_days": null})).await;
    assert_eq!((&cleared.body["description"], &cleared.body["expires_at"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared.body["rate_limit"], before["rate_limit"], "what is absent stays");

    let nothing = json!({"name": "n", "scopes": null, "mode": null, "allowed_origins": null, "allowed_ips": null});
    let refused = api.call("POST", "/v1/keys", nothing).await;
    let fields: Vec<_> =
        refused.body["error"]["details"].as_array().expect("details").iter().map(|it| it["field"].clone()).collect();
    assert_eq!(fields, ["scopes", "mode", "allowed_origins", "allowed_ips"], "{}", refused.body);
}
