//! Keys: made, listed, limited, revoked.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Engine, Options};

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
    let mistyped = format!("{}x", &engine.secret()[..SECRET - 1]);
    for secret in ["sk_live_nothing", "st_x", mistyped.as_str()] {
        let refused = engine.client_of(secret).get("/v1/posts").await.refused(401, "unauthorized");
        assert_eq!(refused["reason"], "invalid_key", "{refused}");
    }
}

/// One request for each scope that it needs.
async fn ask(client: &Client, scope: &str) -> Answer {
    match scope {
        "keys:read" => client.get("/v1/keys").await,
        "keys:write" => client.post("/v1/keys", json!({"name": "x", "scopes": []})).await,
        "posts:read" => client.get("/v1/posts").await,
        "posts:write" => {
            client
                .post("/v1/posts", json!({"body": "scoped", "account_ids": ["acct_01k00000000000000000000000"]}))
                .await
        }
        "posts:publish" => client.post_empty("/v1/posts/post_01k00000000000000000000000/publish").await,
        "posts:delete" => client.delete("/v1/posts/post_01k00000000000000000000000").await,
        "connections:read" => client.get("/v1/accounts").await,
        "connections:write" => client.post("/v1/connect/sandbox", json!({"handle": "x", "delivery": "keyed"})).await,
        "audit:read" => client.get("/v1/posts/post_01k00000000000000000000000/history").await,
        other => panic!("no request for {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scopes_say_and_nothing_else() {
    let engine = Engine::start(Options::default()).await;
    let scopes = [
        "keys:read",
        "keys:write",
        "posts:read",
        "posts:write",
        "posts:publish",
        "posts:delete",
        "connections:read",
        "connections:write",
        "audit:read",
    ];
    for own in scopes {
        let client = engine.client_of(&engine.client().key(&[own]).await);
        for asked in scopes {
            let answer = ask(&client, asked).await;
            if asked == own {
                assert_ne!(answer.status, 403, "{own}: {}", answer.text);
            } else {
                let refused = answer.refused(403, "forbidden_scope");
                assert!(text(&refused, "message").contains(asked), "{own} asks for {asked}: {refused}");
            }
        }
    }
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
