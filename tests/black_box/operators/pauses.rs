//! The stop button at the machine.

use serde_json::Value;

use crate::support::{Engine, Options};

async fn paused_at(engine: &Engine) -> Value {
    engine.client().get("/v1/me").await.expect(200)["paused_at"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_through_the_socket_and_on_the_folder() {
    let mut engine = Engine::start(Options::default()).await;
    let workspace = engine.client().get("/v1/me").await.expect(200)["workspace_id"].clone();
    let workspace = workspace.as_str().expect("an id");
    let said = engine.command(&["pause"]).ok();
    assert!(said.starts_with(&format!("{workspace} is paused since ")), "{said}");
    assert!(paused_at(&engine).await.is_string());
    assert_eq!(engine.command(&["resume", "--all"]).ok(), format!("{workspace} goes on\n"));
    assert_eq!(paused_at(&engine).await, Value::Null);

    engine.terminate();
    assert!(engine.command(&["pause", "--all"]).ok().starts_with(workspace));
    engine.restart().await;
    assert!(paused_at(&engine).await.is_string(), "what was said while nothing ran holds");
    assert_eq!(engine.command(&["resume", "--workspace", workspace]).ok(), format!("{workspace} goes on\n"));
    assert_eq!(paused_at(&engine).await, Value::Null);
    let other = engine.command(&["pause", "--workspace", "ws_01k00000000000000000000000"]);
    assert_eq!(other.code, Some(2), "{}", other.errors);
}
