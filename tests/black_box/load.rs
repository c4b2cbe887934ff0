//! Many posts, one by one and at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::{Client, Engine, Options};

const POSTS: usize = 1_000;
const CLIENTS: usize = 64;

async fn write(client: &Client, account: &str, number: usize) -> (u64, Value) {
    let answer = client.post("/v1/posts", json!({"body": format!("number {number}"), "account_ids": [account]})).await;
    let made = answer.expect(201);
    (answer.position(), made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_posts_are_written_one_by_one_and_a_thousand_at_once() {
    let engine = Engine::start(Options { timing: None, ..Options::default() }).await;
    let client = engine.client();

    let account = client.own_account().await;
    let begun = Instant::now();
    let mut one_by_one = Vec::with_capacity(POSTS);
    for number in 0..POSTS {
        one_by_one.push(write(&client, &account, number).await);
    }
    println!("record: one by one, {:.0} posts a second", POSTS as f64 / begun.elapsed().as_secs_f64());
    for pair in one_by_one.windows(2) {
        assert_eq!(pair[1].0, pair[0].0 + 1, "each gets the next position");
    }

    let begun = Instant::now();
    let numbers = stream::iter(POSTS..2 * POSTS);
    let at_once: Vec<_> =
        numbers.map(|number| write(&client, &account, number)).buffer_unordered(CLIENTS).collect().await;
    println!("record: {CLIENTS} at once, {:.0} posts a second", POSTS as f64 / begun.elapsed().as_secs_f64());
    let positions: BTreeSet<_> = at_once.iter().map(|(position, _)| *position).collect();
    let first = one_by_one[POSTS - 1].0 + 1;
    assert_eq!(positions, (first..first + POSTS as u64).collect(), "dense, and each its own");

    let answered: BTreeMap<_, _> =
        one_by_one.into_iter().chain(at_once).map(|(_, post)| (post["id"].to_string(), post)).collect();
    let listed: BTreeMap<_, _> =
        client.all("/v1/posts").await.into_iter().map(|post| (post["id"].to_string(), post)).collect();
    assert_eq!(listed.len(), 2 * POSTS);
    for (id, post) in &answered {
        let listed = &listed[id];
        for field in ["id", "status", "revision", "created_at"] {
            assert_eq!(listed[field], post[field], "{field} of {id}");
        }
    }
    for post in answered.values().step_by(97) {
        let read = client.get(&format!("/v1/posts/{}", post["id"].as_str().expect("an id"))).await.expect(200);
        assert_eq!(&read, post, "get agrees with what was answered");
    }
    let logged = super::log::whole(&engine);
    let dense: Vec<_> = (1..=logged.len() as u64).collect();
    let positions: Vec<_> = logged.iter().map(super::log::position).collect();
    assert_eq!(positions, dense, "the log has no holes");
    assert!(logged.len() >= 2 * POSTS);
}
