//! What a platform would say, before anything is stored.

use serde_json::json;

use super::{Town, id};

#[tokio::test(flavor = "multi_thread")]
async fn each_account_gets_its_verdict_and_nothing_is_stored() {
    let town = Town::start().await;
    let client = town.client();
    let long = "x".repeat(100_000);
    let body = json!({
        "body": "fits", "account_ids": [town.keyed, town.blind], "overrides": {town.blind.clone(): {"body": long}},
    });
    let verdicts = client.post("/v1/posts/validate", body.clone()).await.expect(200);
    let (fits, breaks) = (&verdicts["data"][0], &verdicts["data"][1]);
    assert_eq!(fits, &json!({"account_id": town.keyed, "platform": "sandbox", "ok": true, "violations": []}));
    assert_eq!((&breaks["account_id"], &breaks["ok"]), (&json!(town.blind), &json!(false)));
    let (violation, own) = (&breaks["violations"][0], format!("overrides.{}.body", town.blind));
    assert_eq!((&violation["field"], &violation["code"]), (&json!(own), &json!("too_long")), "{violation}");
    assert!(violation["message"].as_str().is_some_and(|message| !message.is_empty()), "{violation}");
    assert!(client.all("/v1/posts").await.is_empty(), "nothing is stored");
    client.post("/v1/posts", body).await.refused(422, "unprocessable_post");

    client
        .post("/v1/posts/validate", json!({"body": "to nobody", "account_ids": []}))
        .await
        .refused(400, "invalid_request");
    let unknown = json!({"body": "x", "account_ids": [town.keyed], "boby": "y"});
    client.post("/v1/posts/validate", unknown).await.refused(400, "invalid_request");
    let reader = town.engine.client_of(&client.key(&["posts:read"]).await);
    let refused = reader.post("/v1/posts/validate", json!({"body": "x", "account_ids": [town.keyed]})).await;
    refused.refused(403, "forbidden_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_s_own_words_can_be_changed_and_taken_back() {
    let town = Town::start().await;
    let client = town.client();
    let body = json!({
        "body": "for all", "account_ids": [town.keyed, town.blind],
        "overrides": {town.blind.clone(): {"body": "other words", "thread": [{"body": "more"}]}},
    });
    let made = client.post("/v1/posts", body).await.expect(201);
    assert_eq!(made["overrides"], json!({town.blind.clone(): {"body": "other words", "thread": [{"body": "more"}]}}));
    let path = format!("/v1/posts/{}", id(&made));
    let changed = client.patch(&path, json!({"overrides": {town.keyed.clone(): {"first_comment": "hm"}}})).await;
    assert_eq!(changed.expect(200)["overrides"], json!({town.keyed.clone(): {"first_comment": "hm"}}));
    let elsewhere = json!({"overrides": {town.searchable.clone(): {"body": "x"}}});
    client.patch(&path, elsewhere).await.refused(400, "invalid_request");
    assert_eq!(client.patch(&path, json!({"overrides": {}})).await.expect(200)["overrides"], json!({}));
}
