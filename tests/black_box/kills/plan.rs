//! Posts that fall due, for tests of one thing that goes wrong meanwhile.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use futures::{StreamExt, stream};
use serde_json::json;

use crate::support::{Chance, Client, SandboxServer, now};

const CLASSES: [&str; 3] = ["keyed", "searchable", "blind"];
/// How many accounts of each class.
const ACCOUNTS: usize = 3;

/// A run's numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub seed: u64,
    pub posts: usize,
    /// How long it may take to write them all: none is due before.
    pub writing: Duration,
    /// How long posts fall due.
    pub window: Duration,
}

/// A post that falls due.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub id: String,
    pub due: DateTime<Utc>,
    pub account: String,
    pub handle: String,
    pub text: String,
}

/// Connects the accounts and schedules the posts.
/// They fall due from the moment that is given on.
pub(crate) async fn write(
    client: &Client,
    sandbox: &SandboxServer,
    plan: Plan,
    chance: &mut Chance,
) -> (Vec<Planned>, DateTime<Utc>) {
    let mut accounts = Vec::new();
    for number in 0..ACCOUNTS {
        for class in CLASSES {
            let handle = format!("{class}{number}");
            accounts.push((client.connect_sandbox(&sandbox.address, &handle, class).await, handle));
        }
    }
    let first = now() + plan.writing;
    let planned = (0..plan.posts).map(|number| {
        let (account, handle) = accounts[number % accounts.len()].clone();
        let due = first + Duration::from_millis(chance.below(plan.window.as_millis() as u64));
        Planned { id: String::new(), due, account, handle, text: format!("post {number}") }
    });
    let planned: Vec<_> = planned.collect();
    let write = |mut post: Planned| async move {
        let due = post.due.to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = json!({"body": post.text, "account_ids": [post.account], "schedule": {"at": due}});
        let made = client.post("/v1/posts", body).await.expect(201);
        made["id"].as_str().expect("an id").clone_into(&mut post.id);
        post
    };
    let posts: Vec<_> = stream::iter(planned).map(write).buffer_unordered(16).collect().await;
    assert!(now() < first, "the posts took longer to write than {:?}", plan.writing);
    (posts, first)
}
