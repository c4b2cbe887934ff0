//! Sent, failed, in doubt, settled by a person; and what the record says of it.

use serde_json::{Value, json};

use super::{Town, draft, id};
use crate::support::{SOON, attempts, published, settled, target_of};

fn of(attempts: &[Value]) -> Vec<String> {
    attempts.iter().map(|attempt| attempt["error"]["class"].as_str().unwrap_or("none").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_to_every_account_in_its_own_words() {
    let town = Town::start().await;
    let client = town.client();
    let body = json!({
        "body": "for all", "account_ids": [town.keyed, town.searchable, town.blind],
        "overrides": {town.blind.clone(): {"body": "for the blind"}}, "publish": true,
    });
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    let post = published(&client, &post, SOON).await;
    for target in post["targets"].as_array().expect("targets") {
        assert!(target["url"].as_str().is_some_and(|url| url.contains("/@")), "{target}");
        assert_eq!((&target["attempts"], &target["error"]), (&json!(1), &Value::Null));
    }
    let truth = town.sandbox.truth().await;
    let mut shown: Vec<_> = truth.visible.iter().map(|post| (post.account.as_str(), post.text.as_str())).collect();
    shown.sort_unstable();
    assert_eq!(shown, [("blind", "for the blind"), ("keyed", "for all"), ("searchable", "for all")]);
    client.post_empty(&format!("/v1/posts/{}/publish", id(&post))).await.refused(409, "conflict");
    client.patch(&format!("/v1/posts/{}", id(&post)), json!({"body": "after"})).await.refused(409, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_goes_out_in_order_with_its_comment() {
    let town = Town::start().await;
    let client = town.client();
    let body = json!({
        "body": "one", "thread": [{"body": "two"}, {"body": "three"}], "first_comment": "and then",
        "account_ids": [town.keyed], "publish": true,
    });
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    published(&client, &post, SOON).await;
    let texts: Vec<_> = town.sandbox.truth().await.visible.into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["one", "two", "three", "and then"]);
    let steps = attempts(&client, &post).await[0]["steps"].as_array().expect("steps").len();
    assert_eq!(steps, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_failure_is_tried_again_and_a_refusal_is_not() {
    let town = Town::start().await;
    let client = town.client();
    town.sandbox.fault(json!({"kind": "error_before", "status": 503, "times": 2})).await;
    let retried = draft(&client, "again and again", &[&town.blind]).await;
    client.post_empty(&format!("/v1/posts/{retried}/publish")).await.expect(200);
    published(&client, &retried, SOON).await;
    let tried = attempts(&client, &retried).await;
    assert_eq!(of(&tried), ["transient", "transient", "none"], "{tried:?}");
    assert_eq!(tried[0]["error"]["status"], 503);

    town.sandbox.fault(json!({"kind": "refuse"})).await;
    let refused = draft(&client, "refused", &[&town.keyed]).await;
    client.post_empty(&format!("/v1/posts/{refused}/publish")).await.expect(200);
    let failed = settled(&client, &refused, SOON).await;
    assert_eq!((&failed["status"], &failed["targets"][0]["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(of(&attempts(&client, &refused).await), ["rejected"]);
    client.post_empty(&format!("/v1/posts/{refused}/retry")).await.expect(200);
    published(&client, &refused, SOON).await;
    client.post_empty(&format!("/v1/posts/{refused}/retry")).await.refused(409, "conflict");
    assert_eq!(town.sandbox.truth().await.visible.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_no_second_post() {
    let town = Town::start().await;
    let client = town.client();
    let mut posts = Vec::new();
    let kinds = ["lose_answer", "reset_after", "error_after", "nonsense", "reset", "hang", "answer_late"]
        .map(|kind| (kind, 503));
    for (kind, status) in kinds.into_iter().chain([("error_after", 502)]) {
        for class in ["keyed", "searchable"] {
            let handle = format!("{kind}-{status}-{class}");
            let account = client.connect_sandbox(&town.sandbox.address, &handle, class).await;
            town.sandbox.fault(json!({"kind": kind, "status": status, "account": handle})).await;
            let post = draft(&client, &handle, &[&account]).await;
            client.post_empty(&format!("/v1/posts/{post}/publish")).await.expect(200);
            posts.push((post, handle));
        }
    }
    let mut first = Vec::new();
    for (post, handle) in posts {
        published(&client, &post, SOON).await;
        first.push((of(&attempts(&client, &post).await)[0].clone(), handle));
    }
    let counts = town.sandbox.truth().await.counts();
    assert!(counts.len() == 16 && counts.values().all(|count| *count == 1), "{counts:?}");
    assert!(first.iter().all(|(class, _)| class == "uncertain"), "{first:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_comes_late_makes_no_second_post() {
    let town = Town::start().await;
    let client = town.client();
    // Within the settle time, as a slow server's would be.
    town.sandbox.fault(json!({"kind": "effect_late", "seconds": 1.5, "account": "searchable"})).await;
    town.sandbox.fault(json!({"kind": "key_stored_late", "seconds": 0.9, "account": "keyed"})).await;
    town.sandbox.fault(json!({"kind": "lose_answer", "account": "keyed"})).await;
    let post = draft(&client, "late", &[&town.searchable, &town.keyed]).await;
    client.post_empty(&format!("/v1/posts/{post}/publish")).await.expect(200);
    published(&client, &post, SOON).await;
    let counts = town.sandbox.truth().await.counts();
    assert!(counts.len() == 2 && counts.values().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_know_is_unknown_until_a_person_says() {
    let town = Town::start().await;
    let client = town.client();
    for (kind, resolution, status, visible) in [
        ("lose_answer", json!({"outcome": "published", "url": "https://example.com/1"}), "published", 1),
        ("reset", json!({"outcome": "not_published", "then": "give_up"}), "failed", 0),
        ("reset", json!({"outcome": "not_published", "then": "resend"}), "published", 1),
    ] {
        let text = format!("{kind} {resolution}");
        let post = draft(&client, &text, &[&town.blind, &town.keyed]).await;
        town.sandbox.fault(json!({"kind": kind, "account": "blind"})).await;
        client.post_empty(&format!("/v1/posts/{post}/publish")).await.expect(200);
        let unknown = settled(&client, &post, SOON).await;
        assert_eq!(unknown["status"], "unknown", "{unknown}");
        assert_eq!(target_of(&unknown, &town.blind)["status"], "unknown", "{unknown}");
        let mut resolution = resolution;
        resolution["account_id"] = json!(town.keyed);
        client.post(&format!("/v1/posts/{post}/resolve"), resolution.clone()).await.refused(409, "conflict");
        resolution["account_id"] = json!(town.blind);
        client.post(&format!("/v1/posts/{post}/resolve"), resolution).await.expect(200);
        let resolved = settled(&client, &post, SOON).await;
        assert_eq!(target_of(&resolved, &town.blind)["status"], status, "{resolved}");
        let counts = town.sandbox.truth().await.counts();
        assert_eq!(counts.get(&("blind".to_owned(), text)).copied().unwrap_or(0), visible, "{kind}");
        let history = client.get(&format!("/v1/posts/{post}/history")).await.expect(200);
        let events = history["data"].as_array().expect("events");
        let said = events.iter().find(|event| event["type"] == "post.target_resolved").expect("it is on the record");
        assert!(said["actor"].to_string().contains("key_"), "with who said so: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_tells_it_in_order() {
    let town = Town::start().await;
    let client = town.client();
    let post = draft(&client, "told", &[&town.keyed]).await;
    client.patch(&format!("/v1/posts/{post}"), json!({"body": "told better"})).await.expect(200);
    client.post_empty(&format!("/v1/posts/{post}/publish")).await.expect(200);
    published(&client, &post, SOON).await;
    let history = client.get(&format!("/v1/posts/{post}/history")).await.expect(200);
    let types: Vec<_> = history["data"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect();
    assert_eq!(
        types,
        [
            "post.drafted",
            "post.edited",
            "post.scheduled",
            "post.attempt_started",
            "post.send_intended",
            "post.step_completed",
            "post.target_published",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_asks_for_rest_gets_it() {
    let town = Town::start().await;
    let client = town.client();
    town.sandbox.fault(json!({"kind": "rate_limit", "retry_after": 1})).await;
    let first = draft(&client, "first", &[&town.keyed]).await;
    client.post_empty(&format!("/v1/posts/{first}/publish")).await.expect(200);
    published(&client, &first, SOON).await;
    assert_eq!(of(&attempts(&client, &first).await), ["rate_limited", "none"]);
    let came: Vec<_> = town.sandbox.truth().await.requests.iter().map(|request| request.at).collect();
    assert!(came[1] - came[0] >= chrono::Duration::milliseconds(990), "{came:?}");
}
