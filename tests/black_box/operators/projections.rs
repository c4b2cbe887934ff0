//! `campanile projections`, through a running engine and on the folder.

use serde_json::{Value, json};

use crate::support::{Engine, Options};

fn models(engine: &Engine) -> Vec<Value> {
    let text = engine.command(&["projections", "status", "--json"]).ok();
    serde_json::from_str::<Value>(&text).expect("JSON")["data"].as_array().expect("read models").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_are_shown_and_built_anew() {
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    for number in 0..3 {
        client.post("/v1/posts", json!({"body": format!("{number}"), "account_ids": [account]})).await.expect(201);
    }
    let before = client.all("/v1/posts").await;
    for runs in [true, false] {
        if !runs {
            engine.terminate();
        }
        let found = models(&engine);
        let names: Vec<_> = found.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect();
        assert!(["posts", "keys", "accounts"].iter().all(|name| names.iter().any(|it| it == name)), "{names:?}");
        assert!(found.iter().all(|it| it["state"] == "live" && it["lag"] == 0 && it["parked"] == 0), "{found:?}");
        assert_eq!(engine.command(&["projections", "rebuild", "posts"]).ok(), "rebuilt: posts\n");
        let all = engine.command(&["projections", "rebuild", "--all"]);
        assert!(all.code == Some(0) && !all.errors.contains('\u{1b}'), "{all:?}");
        assert_eq!(all.output, format!("rebuilt: {}\n", names.join(", ")));
        assert!(models(&engine).iter().all(|it| it["state"] == "live" && it["lag"] == 0));
    }
    engine.restart().await;
    assert_eq!(engine.client().all("/v1/posts").await, before);
    let unknown = engine.command(&["projections", "rebuild", "bells"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.errors);
    assert!(unknown.errors.contains("bells") && unknown.errors.contains("posts"), "{}", unknown.errors);
}
