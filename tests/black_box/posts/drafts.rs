//! Drafts: written, changed, deleted.

use reqwest::Method;
use serde_json::json;

use super::{Town, draft, id};

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_reads_as_it_was_written() {
    let town = Town::start().await;
    let client = town.client();
    let body = json!({
        "body": "Launch day is here.", "account_ids": [town.keyed], "tags": ["launch"], "thread": [{"body": "And more."}],
        "first_comment": "Ask away.", "overrides": {town.keyed.clone(): {"body": "Launch day, keyed."}},
    });
    let answer = client.post("/v1/posts", body).await;
    let made = answer.expect(201);
    assert!(answer.position() > 1 && answer.header("campanile-projected").is_empty());
    assert_eq!((&made["status"], &made["revision"]), (&json!("draft"), &json!(1)));
    let target = json!({
        "account_id": town.keyed, "platform": "sandbox", "status": "pending", "attempts": 0, "url": null, "error": null,
    });
    for (field, value) in target.as_object().expect("an object") {
        assert_eq!(&made["targets"][0][field], value, "{made}");
    }
    for (field, value) in [
        ("body", json!("Launch day is here.")),
        ("thread", json!([{"body": "And more."}])),
        ("first_comment", json!("Ask away.")),
        ("tags", json!(["launch"])),
        ("scheduled_at", json!(null)),
        ("time_zone", json!(null)),
    ] {
        assert_eq!(made[field], value, "{field} in {made}");
    }
    assert_eq!(made["overrides"][&town.keyed]["body"], "Launch day, keyed.");
    let read = client.get(&format!("/v1/posts/{}", id(&made))).await;
    assert_eq!(read.expect(200), made);
    assert!(!read.header("etag").is_empty());
    let request = client.request(Method::GET, &format!("/v1/posts/{}", id(&made)));
    let known = client.send(request.header("If-None-Match", read.header("etag"))).await;
    assert_eq!((known.status, &*known.text, known.header("etag")), (304, "", read.header("etag")));
    assert_eq!((known.header("content-length"), known.header("transfer-encoding")), ("", ""), "the post has a length");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_raises_the_revision_and_a_late_one_is_refused() {
    let town = Town::start().await;
    let client = town.client();
    let post = format!("/v1/posts/{}", draft(&client, "first", &[&town.keyed]).await);
    let first = client.get(&post).await;
    let edit = async |etag: &str, body: &str| {
        let request = client.request(Method::PATCH, &post).header("If-Match", etag).json(&json!({"body": body}));
        client.send(request).await
    };
    let edited = edit(first.header("etag"), "second").await.expect(200);
    assert_eq!((&edited["body"], &edited["revision"]), (&json!("second"), &json!(2)));
    edit(first.header("etag"), "third").await.refused(412, "version_mismatch");
    let edited = client.patch(&post, json!({"account_ids": [town.keyed, town.blind]})).await.expect(200);
    assert_eq!((edited["targets"].as_array().map(Vec::len), &edited["body"]), (Some(2), &json!("second")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_post_is_gone_to_read_and_in_conflict_to_command() {
    let town = Town::start().await;
    let client = town.client();
    let post = format!("/v1/posts/{}", draft(&client, "to be deleted", &[&town.keyed]).await);
    let deleted = client.delete(&post).await;
    assert!(matches!(deleted.status, 200 | 204), "{}", deleted.text);
    client.get(&post).await.refused(404, "not_found");
    client.post_empty(&format!("{post}/publish")).await.refused(409, "conflict");
    client.patch(&post, json!({"body": "back"})).await.refused(409, "conflict");
    assert!(client.all("/v1/posts").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_would_refuse_is_refused_before() {
    let town = Town::start().await;
    let client = town.client();
    let long = "x".repeat(501);
    let body = json!({"body": long, "account_ids": [town.keyed], "publish": true});
    let refused = client.post("/v1/posts", body.clone()).await.refused(422, "unprocessable_post");
    assert!(refused["details"].as_array().is_some_and(|details| !details.is_empty()), "{refused}");
    assert!(!refused.to_string().contains(&long), "an error does not repeat the text");
    let unknown = json!({"body": "x", "account_ids": ["acct_01k00000000000000000000000"]});
    let refused = client.post("/v1/posts", unknown).await.refused(404, "not_found");
    assert_eq!(refused["details"][0]["field"], "account_ids[0]");
    assert!(town.sandbox.truth().await.requests.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_text_twice_on_an_account_is_asked_for() {
    let town = Town::start().await;
    let client = town.client();
    let body = json!({"body": "twice", "account_ids": [town.keyed], "publish": true});
    let first = client.post("/v1/posts", body.clone()).await.expect(201);
    let again = client.post("/v1/posts", body.clone()).await;
    assert!(
        again.refused(409, "duplicate_post").to_string().contains(&id(&first)),
        "it names the other: {}",
        again.text
    );
    let mut wanted = body;
    wanted["allow_duplicate"] = json!(true);
    client.post("/v1/posts", wanted).await.expect(201);
}
