//! Statuses that go from Mastodon with the post that was deleted here.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Client, Engine, Options, eventually,
    mastodon::{DeleteMood, Flavour, MastodonStandIn, TOKEN},
    published,
};

const LIMIT: Duration = Duration::from_mins(1);

async fn publish(client: &Client, server: &MastodonStandIn) -> String {
    let body = json!({"instance_url": server.address, "access_token": TOKEN});
    let account = client.post("/v1/connect/mastodon", body).await.expect(201);
    let body = json!({
        "body": "one", "thread": [{"body": "two"}], "first_comment": "three", "account_ids": [account["id"]],
        "allow_duplicate": true,
        "publish": true,
    });
    let post = client.post("/v1/posts", body).await.expect(201)["id"].as_str().expect("an id").to_owned();
    published(client, &post, LIMIT).await;
    post
}

/// What the removal came to, with every try before it.
async fn removed(client: &Client, post: &str) -> Vec<Value> {
    eventually(&format!("{post} is removed"), LIMIT, async || {
        let history = client.get(&format!("/v1/posts/{post}/history")).await.expect(200);
        let all = history["data"].as_array().expect("a list").iter();
        let tries: Vec<_> = all
            .filter(|event| event["type"].as_str().is_some_and(|name| name.starts_with("post.target_remov")))
            .cloned()
            .collect();
        let is_over = tries.last().is_some_and(|last| last["data"]["retry_at"].is_null());
        if is_over { Ok(tries) } else { Err(history.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_goes_the_last_one_first_and_gone_is_as_good() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for flavour in [Flavour::Genuine, Flavour::Compatible] {
        let server = MastodonStandIn::start(flavour).await;
        let post = publish(&client, &server).await;
        let ids: Vec<_> = server.statuses().iter().map(|status| status.id.to_string()).collect();
        // The second is gone when its answer is lost: the next try finds nothing there.
        server.next_deletions(&[DeleteMood::ResetAfter]);
        client.delete(&format!("/v1/posts/{post}?on_platforms=true")).await.expect(204);
        let tries = removed(&client, &post).await;
        assert_eq!(tries.len(), 2, "{tries:?}");
        assert_eq!(tries[0]["data"]["failure"]["class"], "uncertain");
        assert_eq!(tries[1]["type"], "post.target_removed");
        assert_eq!(server.statuses().len(), 0, "{flavour:?}");
        let asked: Vec<_> = server.deletions().into_iter().map(|(id, _)| id).collect();
        assert_eq!(asked, [&ids[2], &ids[2], &ids[1], &ids[0]].map(Clone::clone), "{flavour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_obeyed_and_holds_up_no_post() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let post = publish(&client, &server).await;
    server.next_deletions(&[DeleteMood::TooMany { retry_after: 3 }]);
    client.delete(&format!("/v1/posts/{post}?on_platforms=true")).await.expect(204);
    eventually(
        "the limit was met",
        LIMIT,
        async || if server.deletions().is_empty() { Err(String::new()) } else { Ok(()) },
    )
    .await;
    publish(&client, &server).await;
    assert_eq!(server.deletions().len(), 1, "posts go out meanwhile");
    removed(&client, &post).await;
    let deletions = server.deletions();
    let pause = deletions[1].1 - deletions[0].1;
    assert!(pause >= chrono::Duration::milliseconds(2990), "{pause}");
    assert_eq!(server.statuses().len(), 3, "the other post stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_in_the_servers_words() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let post = publish(&client, &server).await;
    server.next_deletions(&[DeleteMood::Status(403)]);
    client.delete(&format!("/v1/posts/{post}?on_platforms=true")).await.expect(204);
    let tries = removed(&client, &post).await;
    let failure = &tries[0]["data"]["failure"];
    assert_eq!((tries.len(), &failure["class"], &failure["status"]), (1, &json!("rejected"), &json!(403)));
    assert_eq!(failure["message"], "This action is outside the authorized scopes");
    assert_eq!(server.statuses().len(), 3);
}
