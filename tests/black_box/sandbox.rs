//! The sandbox as a server of its own.

use serde_json::json;

use crate::support::{Engine, Options, SOON, SandboxServer, published};

#[tokio::test(flavor = "multi_thread")]
async fn it_lists_what_became_visible_and_takes_faults() {
    let sandbox = SandboxServer::start().await;
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, "shown", "keyed").await;
    sandbox.fault(json!({"kind": "error_before", "status": 503})).await;
    let body = json!({"body": "shown on its page", "account_ids": [account], "publish": true});
    let post = client.post("/v1/posts", body).await.expect(201);
    published(&client, post["id"].as_str().expect("an id"), SOON).await;
    let truth = sandbox.truth().await;
    let faults: Vec<_> = truth.requests.iter().map(|it| (it.fault.as_deref(), it.answered)).collect();
    assert_eq!(faults, [(Some("error_before"), Some(503)), (None, Some(200))]);
    let page = reqwest::get(&sandbox.address).await.expect("its page").text().await.expect("text");
    assert!(page.contains("shown on its page"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_in_process_publishes_too() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.post("/v1/connect/sandbox", json!({"handle": "demo", "delivery": "keyed"})).await.expect(201);
    let body = json!({"body": "in process", "account_ids": [account["id"]], "publish": true});
    let post = client.post("/v1/posts", body).await.expect(201);
    published(&client, post["id"].as_str().expect("an id"), SOON).await;
}
