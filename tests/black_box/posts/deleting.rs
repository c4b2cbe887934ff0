//! Deleted here, and on the platforms where that is asked for.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Town, draft, id};
use crate::support::{Client, SOON, eventually, published, settled};

/// The events of a post's history.
async fn history(client: &Client, post: &str) -> Vec<Value> {
    let history = client.get(&format!("/v1/posts/{post}/history")).await.expect(200);
    history["data"].as_array().expect("a list").clone()
}

/// What each of so many removals came to, in order, once they are over.
async fn removals(client: &Client, post: &str, targets: usize) -> Vec<Value> {
    eventually(&format!("{post} is removed"), SOON, async || {
        let events = history(client, post).await;
        let is_over = |event: &&Value| {
            event["type"] == "post.target_removed"
                || (event["type"] == "post.target_removal_failed" && event["data"]["retry_at"].is_null())
        };
        let over: Vec<_> = events.iter().filter(is_over).cloned().collect();
        if over.len() == targets { Ok(over) } else { Err(json!(events).to_string()) }
    })
    .await
}

async fn publish(client: &Client, body: Value) -> String {
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    published(client, &post, SOON).await;
    post
}

async fn delete(client: &Client, post: &str) {
    let deleted = client.delete(&format!("/v1/posts/{post}?on_platforms=true")).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert!(deleted.position() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_is_deleted_on_its_platforms_is_gone_from_all_of_them() {
    let town = Town::start().await;
    let client = town.client();
    let accounts = [&town.keyed, &town.searchable, &town.blind];
    let kept = publish(&client, json!({"body": "stays", "account_ids": accounts, "publish": true})).await;
    let body = json!({
        "body": "one", "thread": [{"body": "two"}], "first_comment": "three", "account_ids": accounts, "publish": true,
    });
    let post = publish(&client, body).await;
    assert_eq!(town.sandbox.truth().await.standing().len(), 12);
    client.delete(&format!("/v1/posts/{kept}")).await.expect(204);
    delete(&client, &post).await;
    client.get(&format!("/v1/posts/{post}")).await.refused(404, "not_found");

    let over = removals(&client, &post, 3).await;
    assert!(over.iter().all(|event| event["type"] == "post.target_removed"), "{over:?}");
    assert!(over.iter().all(|event| event["data"]["removed"].as_array().is_some_and(|all| all.len() == 3)), "{over:?}");
    let truth = town.sandbox.truth().await;
    let mut standing = truth.standing();
    standing.sort_unstable();
    assert_eq!(standing, [("blind", "stays"), ("keyed", "stays"), ("searchable", "stays")]);
    for event in history(&client, &kept).await {
        assert!(!event["type"].as_str().is_some_and(|name| name.contains("remov")), "nobody asked: {event}");
    }
    delete(&client, &kept).await;
    removals(&client, &kept, 3).await;
    assert_eq!(town.sandbox.truth().await.standing(), Vec::<(&str, &str)>::new());
    let again = client.delete(&format!("/v1/posts/{post}?on_platforms=true")).await;
    again.refused(409, "conflict");
    publish(&client, json!({"body": "stays", "account_ids": accounts, "publish": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_outlives_the_engine() {
    let mut town = Town::start().await;
    let client = town.client();
    let accounts = [&town.keyed, &town.blind];
    let post = publish(&client, json!({"body": "to go", "account_ids": accounts, "publish": true})).await;
    // Nobody can be asked before the engine dies.
    town.sandbox.down();
    delete(&client, &post).await;
    town.engine.kill9();
    town.sandbox.up().await;
    assert_eq!(town.sandbox.truth().await.standing().len(), 2);
    town.engine.restart().await;
    removals(&client, &post, 2).await;
    assert_eq!(town.sandbox.truth().await.standing(), Vec::<(&str, &str)>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_down_is_asked_again() {
    let mut town = Town::start().await;
    let client = town.client();
    let post = publish(&client, json!({"body": "to go", "account_ids": [town.keyed], "publish": true})).await;
    town.sandbox.down();
    delete(&client, &post).await;
    let failed = eventually("the platform could not be asked", SOON, async || {
        let events = history(&client, &post).await;
        let failed = events.iter().filter(|event| event["type"] == "post.target_removal_failed").count();
        if failed >= 2 { Ok(events.last().expect("events").clone()) } else { Err(json!(events).to_string()) }
    })
    .await;
    assert_eq!(
        (&failed["data"]["failure"]["class"], &failed["data"]["failure"]["code"]),
        (&json!("not_sent"), &json!("connect"))
    );
    assert!(failed["data"]["retry_at"].is_string(), "{failed}");
    town.sandbox.up().await;
    let over = removals(&client, &post, 1).await;
    assert_eq!(over[0]["type"], "post.target_removed");
    assert_eq!(town.sandbox.truth().await.standing(), Vec::<(&str, &str)>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_in_the_platforms_words() {
    let town = Town::start().await;
    let client = town.client();
    let post = publish(&client, json!({"body": "stays", "account_ids": [town.keyed], "publish": true})).await;
    town.sandbox.fault(json!({"kind": "refuse", "on": "delete"})).await;
    delete(&client, &post).await;
    let over = removals(&client, &post, 1).await;
    let failure = &over[0]["data"]["failure"];
    assert_eq!((&failure["class"], &failure["status"]), (&json!("rejected"), &json!(422)));
    assert_eq!(failure["message"], "the sandbox was told to refuse");
    assert_eq!(town.sandbox.truth().await.standing(), [("keyed", "stays")]);
    delete(&client, &post).await;
    removals(&client, &post, 2).await;
    assert_eq!(town.sandbox.truth().await.standing(), Vec::<(&str, &str)>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_target_is_said_to_be_in_doubt() {
    let town = Town::start().await;
    let client = town.client();
    town.sandbox.fault(json!({"kind": "lose_answer", "account": "blind"})).await;
    let body = json!({"body": "in doubt", "account_ids": [town.blind], "publish": true});
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    assert_eq!(settled(&client, &post, SOON).await["status"], "unknown");
    delete(&client, &post).await;
    let over = removals(&client, &post, 1).await;
    assert_eq!(over[0]["data"]["failure"]["code"], "in_doubt");
    assert_eq!(town.sandbox.truth().await.standing(), [("blind", "in doubt")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_right_and_the_revision() {
    let town = Town::start().await;
    let client = town.client();
    let post = publish(&client, json!({"body": "stays", "account_ids": [town.keyed], "publish": true})).await;
    let path = format!("/v1/posts/{post}?on_platforms=true");
    let writer = town.engine.client_of(&client.key(&["posts:write", "posts:publish"]).await);
    writer.delete(&path).await.refused(403, "forbidden_scope");
    client
        .send(client.request(Method::DELETE, &path).header("If-Match", "\"99\""))
        .await
        .refused(412, "version_mismatch");
    for wrong in ["maybe", "1x"] {
        let refused =
            client.delete(&format!("/v1/posts/{post}?on_platforms={wrong}")).await.refused(400, "invalid_request");
        assert_eq!(refused["details"][0]["field"], "on_platforms", "{refused}");
    }
    client.delete("/v1/posts/post_01k00000000000000000000000?on_platforms=true").await.refused(404, "not_found");
    let platforms = client.get("/v1/platforms").await.expect(200);
    let all = platforms["data"].as_array().expect("platforms");
    assert!(all.iter().all(|platform| platform["can_delete"] == true), "{platforms}");
    assert_eq!(town.sandbox.truth().await.standing(), [("keyed", "stays")]);
    let never = draft(&client, "never sent", &[&town.keyed]).await;
    delete(&client, &never).await;
    assert!(history(&client, &never).await.iter().all(|event| event["type"] != "post.removal_requested"));
}
