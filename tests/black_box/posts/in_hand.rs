//! A target is in one worker's hand at a time, however long it takes to make it ready.

use serde_json::json;

use crate::support::{Engine, Options, SOON, SandboxServer, attempts, png, published};

/// A request may take its time, while what is overdue is put back every moment.
const TIMING: &str = "lease=12,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=0.1,retry_first=0.05,retry_most=1";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_takes_what_is_long_in_the_making() {
    let sandbox = SandboxServer::start().await;
    let engine = Engine::start(Options { timing: Some(TIMING), ..Options::default() }).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, "slow", "blind").await;
    let picture = client.medium("image/png", &png(4, 3, 100), None).await;
    for on in ["upload", "send"] {
        sandbox.fault(json!({"kind": "answer_late", "on": on, "seconds": 1, "account": "slow", "times": 9})).await;
    }
    let body = json!({"body": "slowly", "media_ids": [picture], "account_ids": [account], "publish": true});
    let post = client.post("/v1/posts", body).await.expect(201);
    let post = post["id"].as_str().expect("an id");
    published(&client, post, SOON).await;
    let attempts = attempts(&client, post).await;
    assert_eq!(attempts.len(), 1, "{attempts:?}");
    let truth = sandbox.truth().await;
    assert_eq!((truth.uploads.len(), truth.requests.len(), truth.visible.len()), (1, 1, 1));
}
