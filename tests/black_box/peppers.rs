//! Keys under several peppers, and under one that is gone.

use std::{
    fs::{Permissions, metadata, set_permissions},
    os::unix::fs::PermissionsExt,
};

use campanile_events::seal::MasterKey;
use serde_json::{Value, json};

use crate::{
    secrets::found_in,
    support::{Client, Engine, Options},
};

async fn made(client: &Client, name: &str) -> String {
    let made = client.post("/v1/keys", json!({"name": name, "scopes": ["posts:read"]})).await.expect(201);
    made["secret"].as_str().expect("a secret").to_owned()
}

/// Each version of the pepper, how it stands, and how many keys stand under it.
fn versions(answer: &Value) -> Vec<(u64, &str, u64, u64)> {
    let all = answer["data"].as_array().expect("versions").iter();
    let number = |it: &Value, field: &str| it[field].as_u64().expect("a number");
    all.map(|it| {
        let state = it["state"].as_str().expect("a state");
        (number(it, "version"), state, number(it, "keys"), number(it, "keys_over"))
    })
    .collect()
}

fn listed(engine: &Engine, arguments: &[&str]) -> Value {
    let answer = engine.command(&[&["peppers"], arguments, &["--json"]].concat()).ok();
    serde_json::from_str(&answer).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stand_under_several_peppers_and_one_that_is_missing_is_named() {
    let mut engine = Engine::start(Options { log: Some("trace"), ..Options::default() }).await;
    let (old, idle) = (made(&engine.client(), "old").await, made(&engine.client(), "idle").await);
    assert_eq!(versions(&listed(&engine, &["list"])), [(1, "newest", 3, 0)]);
    let added = listed(&engine, &["add"]);
    assert_eq!(added["added"], 2, "while it serves: {added}");
    let file = engine.place().peppers();
    assert_eq!(metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);

    let new = made(&engine.client(), "new").await;
    for secret in [&old, &new] {
        engine.client_of(secret).get("/v1/posts").await.expect(200);
    }
    // Init's key made it, and so did the old one's use: they moved.
    assert_eq!(versions(&listed(&engine, &["list"])), [(1, "older", 1, 0), (2, "newest", 3, 0)]);
    let ready = engine.anonymous().get("/readyz").await.text;
    assert!(ready.contains("\npeppers: ok version 2 of 1, 2\n"), "{ready}");

    // Nobody sees it: not its own file, no log, no table.
    let master = std::fs::read_to_string(engine.place().sealing_key()).expect("the master key");
    let master = MasterKey::from_hex(&master).expect("the master key");
    let text = std::fs::read_to_string(&file).expect("the file");
    let line = text.lines().find_map(|line| line.strip_prefix("2 ")).expect("the second pepper");
    let pepper = master.unwrap(b"campanile/key-pepper/2", &hex::decode(line).expect("bytes")).expect("it opens");
    assert_eq!(pepper.len(), 32);
    assert_eq!(found_in(&engine.place().folders(), &hex::encode(&*pepper)), [""; 0].map(std::path::PathBuf::from));

    let refused = engine.command(&["peppers", "retire", "2", "--lost"]);
    assert!(refused.code == Some(2) && refused.errors.contains("a stopped engine"), "{}", refused.errors);
    engine.terminate();
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).expect("moved away");
    let refused = engine.place().refused_to_serve();
    assert_eq!(refused.code, Some(2), "{}", refused.errors);
    for said in ["version 2 of the pepper is missing (keys under it: 3)", &file.display().to_string()] {
        assert!(refused.errors.contains(said), "{said}: {}", refused.errors);
    }
    let refused = engine.command(&["keys", "list"]);
    assert!(refused.code == Some(2) && refused.errors.contains("version 2 of the pepper"), "{}", refused.errors);
    std::fs::rename(&away, &file).expect("moved back");
    set_permissions(&file, Permissions::from_mode(0o644)).expect("opened to others");
    engine.restart().await;
    for secret in [&old, &new, &idle] {
        engine.client_of(secret).get("/v1/posts").await.expect(200);
    }
    if engine.place().servers().is_none() {
        assert_eq!(metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600, "it is mended");
    }
    assert!(engine.said().contains("others on this machine"), "it is told");
    let shown = listed(&engine, &["list"]);
    assert_eq!(versions(&shown), [(1, "older", 0, 0), (2, "newest", 4, 0)], "whoever is used has moved");
    let admin = engine.client();
    let keys = admin.all("/v1/keys").await;
    let id = keys.iter().find(|key| key["name"] == "idle").and_then(|key| key["id"].as_str()).expect("the idle key");
    admin.delete(&format!("/v1/keys/{id}")).await.expect(200);
    assert_eq!(versions(&listed(&engine, &["list"])), [(1, "older", 0, 0), (2, "newest", 3, 1)]);
}
