//! Keys: made, listed, limited, revoked.

use std::time::Duration;

use campanile_events::key::Scope;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::support::{Engine, Options, eventually, until};

/// A key's secret: its prefix, 30 letters and digits, and a checksum of 6.
const SECRET: usize = 44;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("`{field}` in {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_listed_read_and_revoked() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let body = json!({"name": "ci-deploy", "description": "deploys", "scopes": ["posts:write", "posts:read"]});
    let answer = client.post("/v1/keys", body).await;
    let made = answer.expect(201);
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    assert!(id.starts_with("key_") && secret.starts_with("sk_live_") && secret.len() == SECRET, "{made}");
    assert_eq!(text(&made, "prefix"), &secret[..12]);
    assert_eq!((text(&made, "name"), text(&made, "status")), ("ci-deploy", "active"));
    assert_eq!(made["last_used_at"], Value::Null);

    let read = client.get(&format!("/v1/keys/{id}")).await.expect(200);
    assert_eq!(read["secret"], Value::Null, "a secret is shown once");
    assert_eq!(read["scopes"], made["scopes"]);
    let listed = client.all("/v1/keys").await;
    assert_eq!(listed.len(), 2, "init's and this one");
    assert!(listed.iter().all(|key| key["secret"].is_null()));

    let own = engine.client_of(secret);
    assert_eq!(own.get("/v1/posts").await.status, 200);
    let by_header = engine.anonymous();
    let request = by_header.request(reqwest::Method::GET, "/v1/posts").header("X-API-Key", secret);
    assert_eq!(by_header.send(request).await.status, 200);
    client.delete(&format!("/v1/keys/{id}")).await.expect(200);
    let refused = own.get("/v1/posts").await.refused(401, "unauthorized");
    assert_eq!(refused["reason"], "revoked_key");
    assert_eq!(text(&client.get(&format!("/v1/keys/{id}")).await.expect(200), "status"), "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_key_is_told_why() {
    let engine = Engine::start(Options::default()).await;
    let missing = engine.anonymous().get("/v1/posts").await;
    assert_eq!(missing.refused(401, "unauthorized")["reason"], "missing_key");
    assert!(missing.header("www-authenticate").starts_with("Bearer"));
    let mistyped = mistyped(engine.secret());
    for secret in ["sk_live_nothing", "st_x", mistyped.as_str()] {
        let refused = engine.client_of(secret).get("/v1/posts").await.refused(401, "unauthorized");
        assert_eq!(refused["reason"], "invalid_key", "{refused}");
    }
}

/// As an event writes an instant that has no more than milliseconds.
fn stored(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The same with another last character, whatever that was.
pub(crate) fn mistyped(secret: &str) -> String {
    let (rest, last) = secret.split_at(secret.len() - 1);
    format!("{rest}{}", if last == "x" { "y" } else { "x" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_none_beyond_its_own_scopes() {
    let engine = Engine::start(Options::default()).await;
    let secret = engine.client().key(&["keys:write", "posts:read"]).await;
    let client = engine.client_of(&secret);
    client.post("/v1/keys", json!({"name": "less", "scopes": ["posts:read"]})).await.expect(201);
    let more = client.post("/v1/keys", json!({"name": "more", "scopes": ["posts:publish"]})).await;
    assert!(more.refused(403, "forbidden_scope")["message"].as_str().is_some_and(|it| it.contains("posts:publish")));
    client.post("/v1/keys", json!({"name": "all", "scopes": ["*"]})).await.refused(403, "forbidden_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_key_publishes_to_no_live_account() {
    let engine = Engine::start(Options::default()).await;
    let body = json!({"name": "trial", "scopes": ["*"], "mode": "test"});
    let made = engine.client().post("/v1/keys", body).await.expect(201);
    let secret = text(&made, "secret");
    assert!(secret.starts_with("sk_test_"), "{made}");
    let client = engine.client_of(secret);
    let account = client.post("/v1/connect/sandbox", json!({"handle": "trial", "delivery": "keyed"})).await.expect(201);
    let body = json!({"body": "on trial", "account_ids": [account["id"]], "publish": true});
    client.post("/v1/posts", body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_requests_at_once_exactly_as_many_get_in_as_the_limit_says() {
    const CLIENTS: usize = 64;
    let mut engine = Engine::start(Options::default()).await;
    let limit = json!({"per_minute": 100_000, "per_day": 150});
    let body = json!({"name": "busy", "scopes": ["posts:read"], "rate_limit": limit});
    let secret = text(&engine.client().post("/v1/keys", body).await.expect(201), "secret").to_owned();
    let all = (0..CLIENTS).map(|_| {
        let client = engine.client_of(&secret);
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..5 {
                answers.push(client.get("/v1/posts").await);
            }
            answers
        })
    });
    let answers = futures::future::join_all(all).await;
    let answers: Vec<_> = answers.into_iter().flat_map(|it| it.expect("it ends")).collect();
    let (admitted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
    assert_eq!((admitted.len(), refused.len()), (150, CLIENTS * 5 - 150));
    let mut left: Vec<u32> =
        admitted.iter().map(|it| it.header("x-ratelimit-remaining").parse().expect("a number")).collect();
    left.sort_unstable();
    let most: Vec<_> = (0..150).collect();
    if engine.place().servers().is_some() {
        // A node knows of its own share only.
        assert!(
            left.iter().zip(&most).all(|(told, most)| told <= most),
            "nobody is told of more than is left: {left:?}"
        );
    } else {
        assert_eq!(left, most, "each is told what is left after it");
    }
    for answer in refused {
        answer.refused(429, "rate_limited");
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        assert!(answer.header("ratelimit").contains("\"day\";r=0;"), "{}", answer.header("ratelimit"));
    }
    // Neither a stop nor a crash gives a fresh day.
    for crash in [false, true] {
        if crash {
            engine.kill9();
        } else {
            engine.terminate();
        }
        engine.restart().await;
        engine.client_of(&secret).get("/v1/posts").await.refused(429, "rate_limited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_secret_opens_for_the_overlap_and_no_longer() {
    let engine = Engine::start(Options::default()).await;
    let admin = engine.client();
    let made = admin.post("/v1/keys", json!({"name": "turning", "scopes": ["posts:read"]})).await.expect(201);
    let path = format!("/v1/keys/{}", text(&made, "id"));
    let rotated = admin.post(&format!("{path}/rotate"), json!({"overlap_seconds": 3})).await.expect(201);
    let old = engine.client_of(text(&made, "secret"));
    let new = engine.client_of(text(&rotated, "secret"));
    old.get("/v1/posts").await.expect(200);
    new.get("/v1/posts").await.expect(200);
    let end = text(&rotated, "old_key_valid_until").parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
    until(end - chrono::Duration::milliseconds(600)).await;
    old.get("/v1/posts").await.expect(200);
    until(end).await;
    assert_eq!(old.get("/v1/posts").await.refused(401, "unauthorized")["reason"], "expired_key");
    new.get("/v1/posts").await.expect(200);
    let history = admin.get(&format!("{path}/history")).await.expect(200);
    let events = history["data"].as_array().expect("events");
    let noted = events.iter().filter(|event| event["type"] == "key.old_secret_used").count();
    assert_eq!(noted, 1, "{history}");
    let last = eventually("the end stands in the history", Duration::from_mins(1), async || {
        let history = admin.get(&format!("{path}/history")).await.expect(200);
        let ends = history["data"].as_array().expect("events").iter().filter(|it| it["type"] == "key.expired");
        ends.cloned().next_back().ok_or_else(|| history.to_string())
    })
    .await;
    assert_eq!((&last["actor"], &last["data"]["expired_at"]), (&json!("engine"), &json!(stored(end))), "{last}");
    let at_once = format!("/v1/keys/{}/rotate", text(&rotated, "id"));
    let last = admin.post(&at_once, json!({"overlap_seconds": 0})).await.expect(201);
    assert_eq!(new.get("/v1/posts").await.refused(401, "unauthorized")["reason"], "revoked_key");
    engine.client_of(text(&last, "secret")).get("/v1/posts").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_secret_dies_at_once_and_its_history_says_everything_but_the_secret() {
    let engine = Engine::start(Options { proxies: Some("127.0.0.0/8"), ..Options::default() }).await;
    let admin = engine.client();
    let body = json!({"name": "leaky", "scopes": ["*"], "allowed_ips": ["203.0.113.0/24"]});
    let made = admin.post("/v1/keys", body).await.expect(201);
    let (id, secret) = (text(&made, "id").to_owned(), text(&made, "secret").to_owned());
    let leaked = engine.client_of(&secret);
    let from = async |address: &str| {
        leaked.send(leaked.request(reqwest::Method::GET, "/v1/posts").header("X-Forwarded-For", address)).await
    };
    from("203.0.113.7").await.expect(200);
    from("198.51.100.1").await.refused(403, "ip_not_allowed");
    from("203.0.113.7, 198.51.100.1").await.refused(403, "ip_not_allowed");
    let shown = admin.get(&format!("/v1/keys/{id}")).await.expect(200);
    assert_eq!((&shown["last_used_from"], &shown["status"]), (&json!("203.0.113.7"), &json!("active")));
    admin.patch(&format!("/v1/keys/{id}"), json!({"name": "leakier", "allowed_ips": []})).await.expect(200);

    let finder = engine.anonymous();
    let wrong = mistyped(&secret);
    for unknown in [wrong.as_str(), "sk_live_", "", "x"] {
        finder.post("/v1/keys/revoke-by-secret", json!({"secret": unknown})).await.refused(404, "not_found");
    }
    let dead = finder.post("/v1/keys/revoke-by-secret", json!({"secret": secret})).await.expect(200);
    assert_eq!((&dead["id"], &dead["status"]), (&json!(id), &json!("revoked")));
    assert_eq!(leaked.get("/v1/posts").await.refused(401, "unauthorized")["reason"], "revoked_key");
    let again = finder.post("/v1/keys/revoke-by-secret", json!({"secret": secret})).await.expect(200);
    assert_eq!(again, dead, "once");

    let answer = admin.get(&format!("/v1/keys/{id}/history")).await;
    let history = answer.expect(200);
    let told: Vec<_> =
        history["data"].as_array().expect("events").iter().map(|it| (text(it, "type"), text(it, "actor"))).collect();
    let owner = text(&admin.get("/v1/me").await.expect(200)["key"], "id").to_owned();
    let kinds = [("key.renamed", owner.as_str()), ("key.widened", &owner)];
    assert_eq!(told, [[("key.created", owner.as_str())].as_slice(), &kinds, &[("key.revoked", &id)]].concat());
    let first = &history["data"][0]["data"];
    assert_eq!((&first["name"], &first["allowed_ips"]), (&json!("leaky"), &json!(["203.0.113.0/24"])));
    assert_eq!(history["data"][1]["data"]["name"], "leakier");
    assert!(!answer.text.contains(&secret[12..]) && !answer.text.contains("s1."), "{}", answer.text);
    let reader = engine.client_of(&admin.key(&["audit:read"]).await);
    reader.get(&format!("/v1/keys/{id}/history")).await.refused(403, "forbidden_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_told_with_presets_and_aliases() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let told = client.get("/v1/scopes").await.expect(200);
    let names = |list: &str| -> Vec<String> {
        told[list].as_array().expect("a list").iter().map(|it| text(it, "name").to_owned()).collect()
    };
    assert_eq!(names("data").len(), Scope::ALL.len());
    assert_eq!(names("presets"), ["reader", "drafter", "publisher", "reporter", "admin"]);
    for preset in told["presets"].as_array().expect("presets") {
        let made =
            client.post("/v1/keys", json!({"name": preset["name"], "scopes": preset["scopes"]})).await.expect(201);
        assert_eq!(made["scopes"].as_array().map(Vec::len), preset["scopes"].as_array().map(Vec::len), "{preset}");
    }
    for alias in told["aliases"].as_array().expect("aliases") {
        let made = client.post("/v1/keys", json!({"name": "alias", "scopes": [alias["name"]]})).await.expect(201);
        assert_eq!(made["scopes"], alias["scopes"], "shown in ours");
    }
    let unknown = client.post("/v1/keys", json!({"name": "x", "scopes": ["posts:read", "posts:fly"]})).await;
    let unknown = unknown.refused(400, "invalid_request");
    assert_eq!(unknown["details"][0]["field"], "scopes[1]");
    assert!(text(&unknown, "message").contains("posts:fly"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_by_its_kinds_and_an_end_is_told_once_by_the_engine() {
    let mut engine = Engine::start(Options::default()).await;
    let admin = engine.client();
    let body = json!({"name": "told", "scopes": ["posts:read", "posts:write"]});
    let made = admin.post("/v1/keys", body).await.expect(201);
    let path = format!("/v1/keys/{}", text(&made, "id"));
    let history = async |client: &crate::support::Client| {
        client.get(&format!("{path}/history")).await.expect(200)["data"].as_array().expect("events").clone()
    };
    admin.patch(&path, json!({"name": "told otherwise"})).await.expect(200);
    admin.patch(&path, json!({"scopes": ["posts:read", "posts:delete"], "expires_in_days": 9})).await.expect(200);
    admin.post(&format!("{path}/rotate"), json!({"overlap_seconds": 1})).await.expect(201);
    let ended = async |client: &crate::support::Client| {
        let told = history(client).await;
        if told.iter().any(|it| it["type"] == "key.expired") { Ok(told) } else { Err(format!("{told:?}")) }
    };
    let told = eventually("its end is told", Duration::from_mins(1), async || ended(&admin).await).await;
    let kinds: Vec<_> = told.iter().map(|it| text(it, "type")).filter(|it| *it != "key.old_secret_used").collect();
    let expected = ["key.created", "key.renamed", "key.narrowed", "key.widened", "key.rotated", "key.expired"];
    assert_eq!(kinds, expected, "{told:?}");
    let narrowed = told.iter().find(|it| it["type"] == "key.narrowed").expect("it is there");
    assert_eq!(narrowed["data"]["scopes"], json!(["posts:read"]));
    assert!(narrowed["data"]["expires_at"].is_string(), "{narrowed}");
    let of_one_request = |kind: &str| told.iter().find(|it| it["type"] == kind).map(|it| it["request_id"].clone());
    assert_eq!(of_one_request("key.narrowed"), of_one_request("key.widened"));
    assert!(told.iter().all(|it| it["request_id"].is_string() || it["actor"] == "engine"), "{told:?}");
    assert_eq!(told.last().map(|it| text(it, "actor")), Some("engine"));
    assert_eq!(text(&admin.get(&path).await.expect(200), "status"), "expired");

    // A start looks again, and finds it told; so does the one after it.
    engine.terminate();
    engine.restart().await;
    let (dead, admin) = (path.clone(), engine.client());
    let other = admin.post("/v1/keys", json!({"name": "later", "scopes": ["posts:read"]})).await.expect(201);
    let path = format!("/v1/keys/{}", text(&other, "id"));
    admin.post(&format!("{path}/rotate"), json!({"overlap_seconds": 1})).await.expect(201);
    eventually("the next end is told", Duration::from_mins(1), async || {
        let told = admin.get(&format!("{path}/history")).await.expect(200);
        let is_told = told["data"].as_array().expect("events").iter().any(|it| it["type"] == "key.expired");
        if is_told { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    let told = admin.get(&format!("{dead}/history")).await.expect(200);
    let ends = told["data"].as_array().expect("events").iter().filter(|it| it["type"] == "key.expired").count();
    assert_eq!(ends, 1, "{told}");
}
