//! Threads that stop half-way, and comments that fail.

use serde_json::{Value, json};

use super::{Town, id};
use crate::support::{SOON, published, settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_stops_says_what_stands_and_goes_on_from_there() {
    let town = Town::start().await;
    let client = town.client();
    town.sandbox.fault(json!({"kind": "refuse", "account": "keyed", "after": 2})).await;
    let thread: Vec<_> = (2..6).map(|part| json!({"body": format!("part {part}")})).collect();
    let body = json!({"body": "part 1", "thread": thread, "account_ids": [town.keyed], "publish": true});
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    let stopped = settled(&client, &post, SOON).await;
    let target = &stopped["targets"][0];
    assert_eq!((&stopped["status"], &target["status"]), (&json!("failed"), &json!("failed")), "{stopped}");
    let results = client.get(&format!("/v1/posts/{post}/results")).await.expect(200);
    for shown in [target, &results["data"][0]] {
        let parts = shown["parts"].as_array().expect("parts");
        assert_eq!(parts.len(), 2, "{shown}");
        assert!(parts.iter().all(|part| part["url"].as_str().is_some_and(|url| url.contains("/@"))), "{shown}");
    }
    client.post_empty(&format!("/v1/posts/{post}/retry")).await.expect(200);
    let whole = published(&client, &post, SOON).await;
    assert_eq!(whole["targets"][0]["parts"].as_array().map(Vec::len), Some(5), "{whole}");
    let texts: Vec<_> = town.sandbox.truth().await.visible.into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["part 1", "part 2", "part 3", "part 4", "part 5"], "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_fails_is_a_warning() {
    let town = Town::start().await;
    let client = town.client();
    town.sandbox.fault(json!({"kind": "refuse", "account": "blind", "after": 1})).await;
    let body = json!({"body": "said", "first_comment": "and", "account_ids": [town.blind], "publish": true});
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    let post = published(&client, &post, SOON).await;
    let target = &post["targets"][0];
    assert_eq!(target["warning"]["class"], "rejected", "{target}");
    assert_eq!((&target["error"], target["parts"].as_array().map(Vec::len)), (&Value::Null, Some(1)), "{target}");
    assert_eq!(town.sandbox.truth().await.visible.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_in_doubt_that_is_given_up_is_a_warning_too() {
    let town = Town::start().await;
    let client = town.client();
    town.sandbox.fault(json!({"kind": "reset", "account": "blind", "after": 1})).await;
    let body = json!({"body": "said", "first_comment": "and", "account_ids": [town.blind], "publish": true});
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    assert_eq!(settled(&client, &post, SOON).await["status"], "unknown");
    let give_up = json!({"account_id": town.blind, "outcome": "not_published", "then": "give_up"});
    let ended = client.post(&format!("/v1/posts/{post}/resolve"), give_up).await.expect(200);
    let target = &ended["targets"][0];
    assert_eq!((&ended["status"], &target["status"]), (&json!("published"), &json!("published")), "{ended}");
    assert_eq!((&target["error"], &target["warning"]["class"]), (&Value::Null, &json!("uncertain")), "{target}");
    client.post_empty(&format!("/v1/posts/{post}/retry")).await.expect(200);
    published(&client, &post, SOON).await;
    let texts: Vec<_> = town.sandbox.truth().await.visible.into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["said", "and"]);
}
