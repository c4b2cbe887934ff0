//! Publishing to a real server of the AT Protocol, whose own records are counted.
//!
//! Each test that loses something on the way has a server of its own; where none can be had, it says `SKIPPED`.

mod posts;
pub(crate) mod resident;
mod sessions;
mod threads;
pub(crate) mod way;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Engine, Options};

/// A real server on a busy machine, and an answer that never comes, twice.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// A real server takes its time, which must not pass for a lost answer; what waits for nothing real stays quick.
pub(crate) const TIMING: &str = "lease=12,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=0.2,retry_first=0.05,retry_most=1";

async fn engine() -> Engine {
    Engine::start(Options { timing: Some(TIMING), ..Options::default() }).await
}

/// Publishes now, with more of a post's fields where there are any.
async fn publish(client: &Client, account: &str, body: &str, more: Value) -> String {
    let mut post = json!({"body": body, "account_ids": [account], "publish": true});
    post.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    client.post("/v1/posts", post).await.expect(201)["id"].as_str().expect("an id").to_owned()
}

fn classes(attempts: &[Value]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt["error"]["class"].as_str().unwrap_or("none")).collect()
}

fn texts(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["value"]["text"].as_str().expect("a text")).collect()
}
