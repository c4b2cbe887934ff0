//! Lists: filters and pages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Town, draft, id};
use crate::support::{SOON, published};

fn ids(list: &[Value]) -> BTreeSet<String> {
    list.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_give_what_they_say() {
    let town = Town::start().await;
    let client = town.client();
    let own = client.own_account().await;
    let plain = draft(&client, "plain", &[&own]).await;
    let tagged = json!({"body": "tagged", "account_ids": [town.blind], "tags": ["launch"]});
    let tagged = id(&client.post("/v1/posts", tagged).await.expect(201));
    let planned = json!({"body": "planned", "account_ids": [town.keyed], "schedule": {"at": "2126-12-01T09:00:00Z"}});
    let planned = id(&client.post("/v1/posts", planned).await.expect(201));
    let sent = draft(&client, "sent", &[&town.keyed]).await;
    client.post_empty(&format!("/v1/posts/{sent}/publish")).await.expect(200);
    published(&client, &sent, SOON).await;
    let other = engine_key(&town).await;
    let by_other = draft(&other.1, "another's", &[&own]).await;

    let keyed = format!("account_id={}", town.keyed);
    let by = format!("created_by={}", other.0);
    for (filter, expected) in [
        ("", vec![&plain, &tagged, &planned, &sent, &by_other]),
        ("status=draft", vec![&plain, &tagged, &by_other]),
        ("status=scheduled", vec![&planned]),
        ("status=published", vec![&sent]),
        ("tag=launch", vec![&tagged]),
        (keyed.as_str(), vec![&planned, &sent]),
        (by.as_str(), vec![&by_other]),
        ("platform=sandbox", vec![&plain, &tagged, &planned, &sent, &by_other]),
        ("platform=mastodon", vec![]),
        ("status=draft&tag=launch", vec![&tagged]),
        ("from=2026-01-01T00:00:00Z&to=2126-01-01T00:00:00Z", vec![&plain, &tagged, &sent, &by_other]),
        ("from=2126-12-01T09:00:00Z&to=2126-12-01T09:00:01Z", vec![&planned]),
    ] {
        let found = client.all(&format!("/v1/posts?{filter}")).await;
        assert_eq!(ids(&found), expected.into_iter().cloned().collect(), "{filter}");
    }
}

/// Another key's id, and a client with it.
async fn engine_key(town: &Town) -> (String, crate::support::Client) {
    let made = town.client().post("/v1/keys", json!({"name": "other", "scopes": ["*"]})).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret");
    (id(&made), town.engine.client_of(secret))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_while_posts_come_in() {
    let town = Town::start().await;
    let client = town.client();
    let own = client.own_account().await;
    let mut written = BTreeSet::new();
    for number in 0..25 {
        written.insert(draft(&client, &format!("number {number}"), &[&own]).await);
    }
    let first = client.get("/v1/posts").await.expect(200);
    assert_eq!(first["data"].as_array().map(Vec::len), Some(20), "20 unless told otherwise");
    let (mut seen, mut path) = (Vec::new(), "/v1/posts?limit=7".to_owned());
    loop {
        let page = client.get(&path).await.expect(200);
        seen.extend(page["data"].as_array().expect("a list").iter().map(id));
        draft(&client, &format!("meanwhile {}", seen.len()), &[&own]).await;
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/posts?limit=7&cursor={cursor}"),
            None => break,
        }
    }
    let found: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(found.len(), seen.len(), "none comes twice");
    assert!(found.is_superset(&written), "none is left out");
    let second = client.get("/v1/posts?limit=5&offset=5").await.expect(200);
    assert_eq!(second["data"].as_array().map(Vec::len), Some(5));
    let cursor = first["next_cursor"].as_str().expect("more");
    client.get(&format!("/v1/posts?limit=50&cursor={cursor}")).await.expect(200);
    let mut altered = cursor.to_owned();
    let last = if altered.pop() == Some('A') { 'B' } else { 'A' };
    altered.push(last);
    for path in ["accounts?", "keys?", "posts?status=draft&", "posts?created_by=key_01k00000000000000000000000&"] {
        let refused = client.get(&format!("/v1/{path}cursor={cursor}")).await.refused(400, "invalid_request");
        assert_eq!(refused["details"][0]["field"], "cursor", "{path}: {refused}");
    }
    client.get(&format!("/v1/posts?cursor={altered}")).await.refused(400, "invalid_request");
}
