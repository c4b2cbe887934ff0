//! `campanile log export --for-move`: what has moved away is served here no more, unless somebody says so.

use super::import::text;
use crate::support::{Engine, Options};

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_moved_is_not_served_until_it_is_kept_after_all() {
    let mut engine = Engine::start(Options::default()).await;
    let (log, bundle) = (engine.outputs().join("log.jsonl"), engine.outputs().join("keys.bundle"));
    let export = ["log", "export", "--output", text(&log), "--bundle", text(&bundle), "--for-move"];
    let refused = engine.command(&export);
    assert!(refused.code == Some(2) && refused.errors.contains("stop the engine first"), "{}", refused.errors);
    assert!(!log.exists() && !bundle.exists(), "nothing was written");
    engine.terminate();

    engine.command(&export).ok();
    engine.command(&["log", "verify", "--file", text(&log)]).ok();
    let refused = engine.place().refused_to_serve();
    assert_eq!(refused.code, Some(2), "{}{}", refused.output, refused.errors);
    assert!(refused.errors.contains("campanile log keep"), "it says what to do: {}", refused.errors);
    engine.command(&export).ok();

    engine.command(&["log", "keep"]).ok();
    engine.restart().await;
    engine.client().get("/v1/me").await.expect(200);
}
