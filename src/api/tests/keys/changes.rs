//! What of a key can be changed, and by whom.

use axum::body::Body;
use serde_json::{Value, json};

use super::{super::fixture::Api, at_noon, get_by, types};
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
        (json!({"scopes": ["posts:read", "posts:write"]}), "forbidden_scope", "scopes"),
        (json!({"scopes": ["*"]}), "forbidden_scope", "scopes"),
        (json!({"expires_in_days": 11}), "invalid_request", "expires_in_days"),
        (json!({"rate_limit": {"per_minute": 51, "per_day": 900}}), "invalid_request", "rate_limit"),
        (json!({"allowed_accounts": [other]}), "account_not_allowed", "allowed_accounts"),
        (json!({"allowed_origins": ["https://b.example"]}), "origin_not_allowed", "allowed_origins"),
        (json!({"allowed_ips": ["203.0.112.0/23"]}), "ip_not_allowed", "allowed_ips"),
    ];
    let path = format!("/v1/keys/{}", made.id());
    for (body, code, field) in &beyond {
        let mut new = json!({"name": "more", "scopes": ["posts:read"]});
        new.as_object_mut().expect("fields").extend(body.as_object().expect("fields").clone());
        for (method, path, body) in [("POST", "/v1/keys", new), ("PATCH", path.as_str(), body.clone())] {
            let refused = by_bound(method, path, body.clone()).await;
            assert_eq!(refused.code(), *code, "{method} {body}: {}", refused.body);
            let detail = &refused.body["error"]["details"][0];
            assert_eq!((&detail["field"], &detail["code"]), (&json!(field), &json!("beyond_own")), "{method} {body}");
        }
    }
    for taken_away in ["allowed_accounts", "allowed_origins", "allowed_ips"] {
        let refused = by_bound("PATCH", &path, json!({taken_away: []})).await;
        assert_eq!(refused.status(), 403, "{taken_away}: {}", refused.body);
        assert_eq!(refused.body["error"]["details"][0]["field"], taken_away, "{}", refused.body);
    }
    assert_eq!(by_bound("PATCH", &path, json!({"expires_in_days": null})).await.code(), "invalid_request");
    let narrowed =
        by_bound("PATCH", &path, json!({"allowed_ips": ["203.0.113.8"], "name": " tiny ", "description": "d"})).await;
    assert_eq!(narrowed.status(), 200, "{}", narrowed.body);
    assert_eq!((&narrowed.body["name"], &narrowed.body["allowed_ips"]), (&json!("tiny"), &json!(["203.0.113.8/32"])));
    assert_eq!((&narrowed.body["revision"], narrowed.header("etag")), (&json!(3), "\"3\""), "renamed, and narrowed");
    // The same again is no change, and a stranger's narrowing of a stronger key is none of more rights.
    assert_eq!(by_bound("PATCH", &path, json!({"name": "tiny"})).await.body["revision"], 3);
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

#[tokio::test]
async fn each_kind_of_change_stands_in_the_history_by_itself() {
    let (api, _) = at_noon().await;
    let (account, other) = (api.account("ada").await, api.account("bob").await);
    let (id, _) = api
        .key(json!({
            "name": "k", "scopes": ["posts:read", "posts:write"], "allowed_accounts": [account],
            "allowed_ips": ["10.0.0.0/8"], "rate_limit": {"per_minute": 60, "per_day": 500},
        }))
        .await;
    let path = format!("/v1/keys/{id}");
    let history = format!("{path}/history");
    for (body, kinds) in [
        (json!({"name": "other", "description": "d"}), &["key.renamed"][..]),
        (json!({"scopes": ["posts:read"]}), &["key.narrowed"]),
        (json!({"scopes": ["posts:read", "posts:delete"]}), &["key.widened"]),
        (json!({"name": "other", "scopes": ["posts:read", "posts:delete"]}), &[]),
        (
            json!({
                "description": null, "scopes": ["posts:read", "posts:write"], "allowed_accounts": [other],
                "allowed_ips": ["10.1.0.0/16", "192.0.2.0/24"], "rate_limit": {"per_minute": 30, "per_day": 900},
            }),
            &["key.renamed", "key.narrowed", "key.widened"],
        ),
    ] {
        let before = types(&api.get(&history).await).len();
        let changed = api.call("PATCH", &path, body.clone()).await;
        assert_eq!(changed.status(), 200, "{}", changed.body);
        let told = api.get(&history).await;
        assert_eq!(types(&told)[before..], *kinds, "{body}");
        assert_eq!(changed.body["revision"], types(&told).len(), "a change each");
    }
    let told = api.get(&history).await;
    let last = told.body["data"].as_array().expect("events");
    let [renamed, narrowed, widened] = &last[last.len() - 3..] else { panic!("three") };
    assert_eq!(renamed["data"]["description"], Value::Null);
    let (less, more) = (&narrowed["data"], &widened["data"]);
    assert_eq!((&less["scopes"], &more["scopes"]), (&json!(["posts:read"]), &json!(["posts:read", "posts:write"])));
    assert_eq!(
        (&less["allowed_ips"], &more["allowed_ips"]),
        (&json!(["10.1.0.0/16"]), &json!(["10.1.0.0/16", "192.0.2.0/24"]))
    );
    assert_eq!(less["rate_limit"], json!({"per_minute": 30, "per_day": 500}));
    assert_eq!(more["rate_limit"], json!({"per_minute": 30, "per_day": 900}));
    assert_eq!((&less["replaced"], &less["allowed_accounts"]), (&json!(["allowed_accounts"]), &Value::Null));
    assert_eq!(more["allowed_accounts"], json!([other]));
    for event in last {
        let by = (event["actor"].as_str(), event["request_id"].as_str());
        assert!(
            by.0.is_some_and(|it| it.starts_with("key_")) && by.1.is_some_and(|it| it.starts_with("req_")),
            "{event}"
        );
    }
}

#[tokio::test]
async fn half_a_limit_leaves_the_other_half_as_it_is_or_as_usual() {
    let api = Api::start().await;
    let limit = |per_minute: u32, per_day: u32| json!({"per_minute": per_minute, "per_day": per_day});
    for (said, is) in [
        (json!({"per_minute": 7}), limit(7, 10_000)),
        (json!({"per_day": 7}), limit(60, 7)),
        (json!({}), limit(60, 10_000)),
    ] {
        let made = api.call("POST", "/v1/keys", json!({"name": "k", "scopes": ["*"], "rate_limit": said})).await;
        assert_eq!((made.status(), &made.body["rate_limit"]), (201, &is), "{said}");
    }
    let (id, slow) = api.key(json!({"name": "slow", "scopes": ["*"], "rate_limit": limit(9, 90)})).await;
    let request = Api::request_by(&slow, "POST", "/v1/keys").header("content-type", "application/json");
    let body = json!({"name": "k", "scopes": ["*"], "rate_limit": {"per_minute": 8}}).to_string();
    let made = api.send(request.body(Body::from(body)).expect("a request")).await;
    assert_eq!(made.body["rate_limit"], limit(8, 90), "no more than its maker's: {}", made.body);
    let changed = api.call("PATCH", &format!("/v1/keys/{id}"), json!({"rate_limit": {"per_day": 900}})).await;
    assert_eq!(changed.body["rate_limit"], limit(9, 900));
    for wrong in [json!({"per_minute": 0}), json!({"per_day": null}), json!({"per_hour": 1})] {
        let refused = api.call("POST", "/v1/keys", json!({"name": "k", "scopes": ["*"], "rate_limit": wrong})).await;
        assert_eq!(refused.code(), "invalid_request", "{wrong}");
    }
}

#[tokio::test]
async fn a_preset_stands_for_its_scopes_and_not_beside_others() {
    let api = Api::start().await;
    let listed = api.get("/v1/scopes").await.body;
    for preset in listed["presets"].as_array().expect("presets") {
        let made = api.call("POST", "/v1/keys", json!({"name": "k", "preset": preset["name"]})).await;
        assert_eq!(made.status(), 201, "{}", made.body);
        let sorted = |scopes: &Value| {
            let mut names: Vec<_> = scopes.as_array().expect("scopes").iter().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(sorted(&made.body["scopes"]), sorted(&preset["scopes"]), "{preset}");
    }
    for (wrong, field) in [
        (json!({"preset": "reader", "scopes": ["posts:read"]}), "preset"),
        (json!({"preset": "king"}), "preset"),
        (json!({"preset": null}), "preset"),
        (json!({"preset": 3}), "preset"),
        (json!({}), "scopes"),
        (json!({"scopes": []}), "scopes"),
    ] {
        let mut body = json!({"name": "k"});
        body.as_object_mut().expect("fields").extend(wrong.as_object().expect("fields").clone());
        let refused = api.call("POST", "/v1/keys", body).await;
        let fields = &refused.body["error"]["details"];
        assert_eq!((refused.code(), &fields[0]["field"]), ("invalid_request", &json!(field)), "{wrong}: {fields}");
    }
    let (_, weak) = api.key(json!({"name": "weak", "scopes": ["keys:write", "posts:read"]})).await;
    let beyond = api.call_by(&weak, "POST", "/v1/keys", json!({"name": "k", "preset": "admin"})).await;
    assert_eq!((beyond.status(), beyond.code()), (403, "forbidden_scope"), "{}", beyond.body);
}

#[tokio::test]
async fn what_is_out_of_range_is_told_its_range() {
    let api = Api::start().await;
    for (field, wrong, range) in [
        ("expires_in_days", json!(-5), "from 1 to 3650"),
        ("expires_in_days", json!(0), "from 1 to 3650"),
        ("expires_in_days", json!(3651), "from 1 to 3650"),
        ("expires_in_days", json!(4_294_967_296_u64), "from 1 to 3650"),
        ("expires_in_days", json!(1e30), "from 1 to 3650"),
        ("rate_limit.per_minute", json!(-1), "from 1 to 4294967295"),
        ("rate_limit.per_day", json!(4_294_967_296_u64), "from 1 to 4294967295"),
    ] {
        let value = match field.split_once('.') {
            Some((outer, inner)) => json!({outer: {inner: wrong}}),
            None => json!({field: wrong}),
        };
        for (method, path) in [("POST", "/v1/keys"), ("PATCH", "/v1/keys/key_01k00000000000000000000000")] {
            let mut body = if method == "POST" { json!({"name": "k", "scopes": ["*"]}) } else { json!({}) };
            body.as_object_mut().expect("fields").extend(value.as_object().expect("fields").clone());
            let refused = api.call(method, path, body).await;
            if method == "PATCH" && wrong.as_f64().is_some_and(|days| (0.0..=3651.0).contains(&days)) {
                continue;
            }
            let detail = &refused.body["error"]["details"][0];
            assert_eq!(
                (&detail["field"], &detail["code"]),
                (&json!(field), &json!("out_of_range")),
                "{wrong}: {detail}"
            );
            assert_eq!(detail["message"], format!("must be {range}"), "{method} {wrong}");
        }
    }
}
