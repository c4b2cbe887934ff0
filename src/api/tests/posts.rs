//! Posts from the request to the log and back.

use std::sync::Arc;

use axum::{body::Body, http::StatusCode};
use serde_json::{Value, json};

use super::fixture::{Answered, Api};

#[tokio::test]
async fn an_edit_names_the_revision_it_knows() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let body = json!({"body": "one", "account_ids": [account], "thread": [{"body": "two"}], "first_comment": "c"});
    let made = api.call("POST", "/v1/posts", body).await;
    assert_eq!((made.status(), made.header("etag")), (201, "\"1\""));
    assert!(made.header("campanile-position").starts_with("1-"), "{}", made.header("campanile-position"));
    assert_eq!(made.header("campanile-projected"), "", "every read shows it");
    let path = format!("/v1/posts/{}", made.id());
    let edit = |tag: &str, body: Value| {
        let request = api.request("PATCH", &path).header("content-type", "application/json").header("if-match", tag);
        api.send(request.body(Body::from(body.to_string())).expect("a request"))
    };
    let stale = edit("\"7\"", json!({"body": "other"})).await;
    assert_eq!((stale.status(), stale.code()), (412, "version_mismatch"));
    let edited = edit("\"1\"", json!({"first_comment": null, "tags": ["a", "a"]})).await;
    assert_eq!((edited.status(), edited.header("etag")), (200, "\"2\""), "{}", edited.body);
    let expected = json!(["one", null, [{"body": "two"}], ["a"]]);
    let shown = |it: &Value| json!([it["body"], it["first_comment"], it["thread"], it["tags"]]);
    assert_eq!(shown(&edited.body), expected);
    assert_eq!(shown(&api.get(&path).await.body), expected);
    assert_eq!(shown(&api.get("/v1/posts?tag=a").await.body["data"][0]), expected);
    let same = edit("\"2\"", json!({"body": "one"})).await;
    assert_eq!(same.header("etag"), "\"2\"", "nothing changed");

    let gone = api.call("DELETE", &path, json!({})).await;
    assert_eq!(gone.response.status(), StatusCode::NO_CONTENT);
    assert_eq!(api.get(&path).await.code(), "not_found");
    let late = api.call("POST", &format!("{path}/publish"), json!({})).await;
    assert_eq!((late.code(), &late.body["error"]["state"]), ("conflict", &json!("deleted")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_equal_posts_at_once_one_is_written() {
    let api = Arc::new(Api::start().await);
    let account = api.account("ada").await;
    let same = json!({"body": "twice", "account_ids": [account]});
    let all = (0..8).map(|_| api.call("POST", "/v1/posts", same.clone()));
    let answers = futures::future::join_all(all).await;
    let made: Vec<_> = answers.iter().filter(|it| it.status() == 201).map(Answered::id).collect();
    assert_eq!(made.len(), 1, "{:?}", answers.iter().map(Answered::status).collect::<Vec<_>>());
    for refused in answers.iter().filter(|it| it.status() != 201) {
        assert_eq!((refused.status(), refused.code()), (409, "duplicate_post"));
        assert_eq!(refused.body["error"]["post_id"], made[0].as_str());
    }
    let mut allowed = same;
    allowed["allow_duplicate"] = true.into();
    assert_eq!(api.call("POST", "/v1/posts", allowed).await.status(), 201);
}

#[tokio::test]
async fn the_log_holds_no_text_in_the_open() {
    let api = Api::start().await;
    let account = api.account("canary-handle").await;
    let body = json!({
        "body": "canary-body", "account_ids": [account], "thread": [{"body": "canary-part"}],
        "first_comment": "canary-comment", "tags": ["canary-tag"],
        "overrides": {&account: {"body": "canary-own"}},
    });
    let made = api.call("POST", "/v1/posts", body).await;
    assert_eq!(made.status(), 201, "{}", made.body);
    api.key(json!({"name": "canary-name", "description": "canary-words", "scopes": ["posts:read"]})).await;
    let events =
        api.engine.core().journal.everywhere().read(campanile_events::ids::Position(0), 1_000).await.expect("read");
    assert!(events.iter().all(|event| !format!("{event:?}").contains("canary")), "a text in the open");
    assert!(events.iter().all(|event| !format!("{event:?}").contains("ada@example.com")), "an address in the open");
    let history = api.get(&format!("/v1/posts/{}/history", made.id())).await;
    let told = history.body["data"][0]["data"]["content"].to_string();
    for text in ["canary-body", "canary-part", "canary-comment", "canary-own"] {
        assert!(told.contains(text), "{text}: {told}");
    }
}

#[tokio::test]
async fn a_post_goes_through_its_schedule() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let body = json!({"body": "soon", "account_ids": [account], "schedule": {"at": "2036-12-01T10:00:00+01:00"}});
    let made = api.call("POST", "/v1/posts", body.clone()).await;
    let told = |it: &Answered| json!([it.body["status"], it.body["scheduled_at"], it.body["time_zone"]]);
    assert_eq!(told(&made), json!(["scheduled", "2036-12-01T09:00:00.000Z", null]), "{}", made.body);
    let path = format!("/v1/posts/{}", made.id());
    let command = async |verb: &str, body: Value| {
        let answered = api.call("POST", &format!("{path}/{verb}"), body).await;
        assert_eq!(answered.body["status"], api.get(&path).await.body["status"], "{verb}: {}", answered.body);
        answered
    };
    let local = json!({"local_time": "2036-07-01T09:00:00", "time_zone": "Europe/Berlin"});
    let moved = command("schedule", local).await;
    assert_eq!(told(&moved), json!(["scheduled", "2036-07-01T07:00:00.000Z", "Europe/Berlin"]));
    assert_eq!(told(&command("unschedule", json!({})).await), json!(["draft", null, null]));
    assert_eq!(api.call("POST", "/v1/posts", body.clone()).await.code(), "duplicate_post");
    assert_eq!(command("cancel", json!({})).await.body["status"], "canceled");
    let late = api.call("POST", &format!("{path}/publish"), json!({})).await;
    assert_eq!((late.code(), &late.body["error"]["state"]), ("conflict", &json!("canceled")));

    let again = api.call("POST", "/v1/posts", body).await;
    assert_eq!(again.status(), 201, "what was called off is no duplicate: {}", again.body);
    let path = format!("/v1/posts/{}", again.id());
    assert_eq!(api.call("POST", &format!("{path}/publish"), json!({})).await.status(), 200);
    let mut announced = api.engine.core().runner.watch();
    let published = async {
        while api.get(&path).await.body["status"] != "published" {
            announced.changed().await.expect("the runner lives");
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), published).await.expect("published");
    let results = api.get(&format!("{path}/results")).await.body["data"][0].clone();
    assert_eq!((&results["status"], &results["attempts"][0]["outcome"]), (&json!("published"), &json!("published")));
    assert_eq!(results["attempts"][0]["steps"].as_array().map(Vec::len), Some(1));
    let soon = json!({"at": "2036-12-01T09:00:00Z"});
    for (verb, body, told) in [
        ("publish", json!({}), "the post is published: it can't be published again"),
        ("schedule", soon, "the post is published: it can't be scheduled"),
        ("unschedule", json!({}), "the post is published: it can't be unscheduled"),
        ("cancel", json!({}), "the post is published: it can't be canceled"),
        ("retry", json!({}), "the post is published: it can't be retried"),
    ] {
        let refused = api.call("POST", &format!("{path}/{verb}"), body).await;
        let error = &refused.body["error"];
        assert_eq!(
            (refused.code(), &error["message"], &error["state"]),
            ("conflict", &told.into(), &"published".into())
        );
    }
    let other = api.account("eve").await;
    for (verb, body, field) in [
        ("cancel", json!({"account_ids": [other]}), "account_ids"),
        ("retry", json!({"account_ids": [other]}), "account_ids"),
        ("resolve", json!({"account_id": other, "outcome": "published"}), "account_id"),
    ] {
        let refused = api.call("POST", &format!("{path}/{verb}"), body).await;
        assert_eq!((refused.code(), &refused.body["error"]["details"][0]["field"]), ("invalid_request", &field.into()));
    }
}

/// What stands in the way may be gone already, and only the read models don't say so yet.
#[tokio::test]
async fn what_was_called_off_a_moment_ago_is_no_duplicate() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let body = json!({"body": "once", "account_ids": [account]});
    let path = format!("/v1/posts/{}", api.call("POST", "/v1/posts", body.clone()).await.id());
    let core = api.engine.core();
    // The read models stand still while somebody else holds them.
    let held = core.read.everywhere().begin().await.expect("a transaction");
    let canceled = api.call("POST", &format!("{path}/cancel"), json!({})).await;
    assert_eq!((canceled.status(), canceled.header("campanile-projected")), (200, "false"));
    let mut awaited = core.runner.awaited();
    let mut again = std::pin::pin!(api.call("POST", "/v1/posts", body));
    tokio::select! {
        again = &mut again => panic!("nobody looked again: {}", again.body),
        waits = awaited.wait_for(|waiting| *waiting > 0) => drop(waits.expect("the runner lives")),
    }
    drop(held);
    let again = again.await;
    assert_eq!(again.status(), 201, "{}", again.body);
}

#[tokio::test]
async fn every_null_that_means_nothing_is_named() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let fields = |refused: &Answered| -> Vec<String> {
        assert_eq!((refused.status(), refused.code()), (400, "invalid_request"), "{}", refused.body);
        let details = refused.body["error"]["details"].as_array().expect("details").iter();
        details.map(|it| it["field"].as_str().expect("a field").to_owned()).collect()
    };
    let nothing = json!({
        "body": null, "account_ids": null, "media_ids": null, "tags": null, "thread": null, "overrides": null,
        "allow_duplicate": null, "publish": null,
        "first_comment": null, "late_limit_seconds": null, "give_up_after_seconds": null, "schedule": null,
    });
    let meaningless = ["body", "account_ids", "media_ids", "tags", "thread", "overrides", "allow_duplicate", "publish"];
    assert_eq!(fields(&api.call("POST", "/v1/posts", nothing.clone()).await), meaningless);
    assert_eq!(fields(&api.call("POST", "/v1/posts/validate", nothing).await), meaningless);
    let within = json!({
        "body": "b", "account_ids": [null], "tags": ["t", null], "thread": [{"body": null}, null],
        "overrides": {&account: {"body": null, "thread": [{"body": null}]}}, "schedule": {"at": null},
    });
    let named = ["account_ids[0]", "tags[1]", "thread[0].body", "thread[1]"].map(str::to_owned);
    let own = format!("overrides.{account}.thread[0].body");
    assert_eq!(fields(&api.call("POST", "/v1/posts", within).await), [&named[..], &[own]].concat());
    let post = api.call("POST", "/v1/posts", json!({"body": "b", "account_ids": [account]})).await.id();
    let changes = json!({"body": null, "account_ids": null, "tags": null, "thread": null, "overrides": null,
                         "media_ids": null, "late_limit_seconds": null, "give_up_after_seconds": null});
    assert_eq!(fields(&api.call("PATCH", &format!("/v1/posts/{post}"), changes).await).len(), 8);
}
