//! Writes that were refused to a key stand in its history, and not in the log.

use serde_json::{Value, json};

use crate::support::{Engine, Options};

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_history_tells_what_was_refused_to_it() {
    let mut engine = Engine::start(Options { proxies: Some("127.0.0.0/8"), ..Options::default() }).await;
    let admin = engine.client();
    let made = admin.post("/v1/keys", json!({"name": "narrow", "scopes": ["posts:read"]})).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    let client = engine.client_of(made["secret"].as_str().expect("a secret"));
    let stats = |engine: &Engine| -> Value {
        let stats = engine.command(&["log", "stats", "--json"]).ok();
        serde_json::from_str::<Value>(&stats).expect("one JSON object")["events"].clone()
    };
    let before = stats(&engine);
    client.get("/v1/keys").await.refused(403, "forbidden_scope");
    for _ in 0..3 {
        client.post("/v1/posts", json!({})).await.refused(403, "forbidden_scope");
    }
    let request = client.request(reqwest::Method::DELETE, "/v1/keys/x").header("X-Forwarded-For", "203.0.113.7");
    let last = client.send(request).await;
    last.refused(403, "forbidden_scope");
    engine.client_of("sk_live_nothing").post("/v1/posts", json!({})).await.refused(401, "unauthorized");
    assert_eq!(stats(&engine), before, "nothing of it is in the log");

    let path = format!("/v1/keys/{id}/history");
    let told = async |engine: &Engine| -> Vec<(Value, Value, Value)> {
        let history = engine.client().get(&path).await.expect(200);
        let refused = history["refused_writes"].as_array().expect("a list").iter();
        refused.map(|it| (it["route"].clone(), it["code"].clone(), it["count"].clone())).collect()
    };
    let told_of = |all: &[(&str, &str, u32)]| -> Vec<_> {
        all.iter().map(|(route, code, count)| (json!(route), json!(code), json!(count))).collect()
    };
    let mut all = vec![("api.posts.create", "forbidden_scope", 3), ("api.keys.revoke", "forbidden_scope", 1)];
    assert_eq!(told(&engine).await, told_of(&all));
    let history = admin.get(&path).await.expect(200);
    let entry = &history["refused_writes"][1];
    assert_eq!(
        (&entry["last_from"], &entry["last_request_id"]),
        (&json!("203.0.113.7"), &json!(last.header("x-request-id")))
    );
    assert_eq!(history["data"].as_array().map(Vec::len), Some(1), "{history}");

    admin.delete(&format!("/v1/keys/{id}")).await.expect(200);
    client.post("/v1/posts", json!({})).await.refused(401, "unauthorized");
    all.push(("api.posts.create", "unauthorized", 1));
    assert_eq!(told(&engine).await, told_of(&all), "who goes on with a revoked key is seen");
    let figures = engine.anonymous().get("/metrics").await.text;
    assert!(figures.contains("campanile_refused_writes_total{code=\"forbidden_scope\"} 4"), "{figures}");
    engine.terminate();
    engine.restart().await;
    assert_eq!(told(&engine).await, told_of(&all), "a stop loses none");
}
