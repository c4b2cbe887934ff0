//! Reading where a post's targets stand.

use std::time::Duration;

use serde_json::Value;

use super::{Client, eventually};

/// What a target no longer leaves by itself.
const FINAL: &[&str] = &["published", "failed", "missed", "unknown", "canceled"];

/// Waits until every target of a post has come to an end, and gives the post.
pub async fn settled(client: &Client, post: &str, limit: Duration) -> Value {
    eventually(&format!("{post} is settled"), limit, async || {
        let answer = client.get(&format!("/v1/posts/{post}")).await;
        let found = answer.expect(200);
        let ends = |target: &Value| target["status"].as_str().is_some_and(|status| FINAL.contains(&status));
        let targets = found["targets"].as_array().expect("targets");
        if !targets.is_empty() && targets.iter().all(ends) { Ok(found) } else { Err(answer.text) }
    })
    .await
}

/// Waits until a post is live everywhere, and gives it.
pub async fn published(client: &Client, post: &str, limit: Duration) -> Value {
    let found = settled(client, post, limit).await;
    assert_eq!(found["status"], "published", "{found}");
    found
}

/// A post's target on an account.
pub fn target_of<'a>(post: &'a Value, account: &str) -> &'a Value {
    let targets = post["targets"].as_array().expect("targets");
    targets.iter().find(|target| target["account_id"] == account).expect("the target of that account")
}

/// Every attempt at a post's first target, oldest first.
pub async fn attempts(client: &Client, post: &str) -> Vec<Value> {
    let results = client.get(&format!("/v1/posts/{post}/results")).await.expect(200);
    results["data"][0]["attempts"].as_array().unwrap_or_else(|| panic!("attempts in {results}")).clone()
}
