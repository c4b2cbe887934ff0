//! Where every post ended, as the engine says.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use serde_json::Value;

use super::written::{Entry, Wish};
use crate::support::Client;

/// When nothing goes wrong any more, something in doubt is settled within this, again and again until all is.
const SETTLED: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(500);

/// Every post that there is, by its text.
pub(super) type Posts = HashMap<String, Vec<Value>>;

/// The state of a post's only target.
pub(super) fn status(post: &Value) -> &str {
    post["targets"][0]["status"].as_str().unwrap_or_default()
}

fn has_ended(post: &Value) -> bool {
    matches!(status(post), "published" | "failed" | "missed" | "unknown" | "canceled")
}

/// Waits until every post that was to be published has come to its end, or nothing moves any more; gives all there are.
pub(super) async fn wait(journal: &[Entry], clients: &[Client]) -> Posts {
    let (mut most, mut since) = (0, Instant::now());
    loop {
        let posts = read(clients).await;
        let wanted = journal.iter().filter(|entry| entry.wish != Wish::Draft);
        let there: Vec<_> = wanted.filter_map(|entry| posts.get(&entry.text)).flatten().collect();
        let ended = there.iter().filter(|post| has_ended(post)).count();
        if ended > most {
            (most, since) = (ended, Instant::now());
        }
        if ended == there.len() || since.elapsed() > SETTLED {
            return posts;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read(clients: &[Client]) -> Posts {
    let lists = stream::iter(clients).map(async |client| client.all("/v1/posts").await);
    let all: Vec<Vec<Value>> = lists.buffer_unordered(4).collect().await;
    let mut posts = Posts::new();
    for post in all.into_iter().flatten() {
        posts.entry(post["body"].as_str().expect("a text").to_owned()).or_default().push(post);
    }
    posts
}
