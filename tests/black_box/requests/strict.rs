//! What a request says is read, or refused: never passed over.

use std::time::{Duration, Instant};

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Engine, Options};

async fn get_at(client: &Client, position: &str) -> Answer {
    client.send(client.request(Method::GET, "/v1/posts").header("Campanile-Position", position)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_fields_takes_no_others() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let workspace = client.get("/v1/me").await.expect(200)["workspace_id"].as_str().expect("an id").to_owned();
    let medium = "media_01k00000000000000000000000";
    let paths = ["pause", "resume"]
        .map(|it| format!("/v1/workspaces/{workspace}/{it}"))
        .into_iter()
        .chain([format!("/v1/media/{medium}/confirm")]);
    for path in paths {
        for (kind, body, status) in
            [("application/json", r#"{"zzz":1}"#, 400), ("application/json", "{broken", 400), ("text/plain", "{}", 415)]
        {
            let request = client.request(Method::POST, &path).header(CONTENT_TYPE, kind).body(body);
            let code = if status == 400 { "invalid_request" } else { "unsupported_media_type" };
            client.send(request).await.refused(status, code);
        }
    }
    assert_eq!(client.get("/v1/me").await.expect(200)["paused_at"], Value::Null);
    client.post(&format!("/v1/workspaces/{workspace}/pause"), json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_from_before_a_restore_is_refused_and_a_later_one_is_waited_for() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for position in ["0-0", "0-7"] {
        let refused = get_at(&client, position).await.refused(400, "invalid_request");
        assert_eq!(refused["details"][0]["field"], "Campanile-Position", "{refused}");
    }
    let begun = Instant::now();
    get_at(&client, "2-1").await.refused(503, "unavailable");
    assert!(begun.elapsed() >= Duration::from_secs(4), "{:?}", begun.elapsed());
    get_at(&client, "1-1").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_recorded_request_fits_no_validation() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    let body = json!({"body": "once", "account_ids": [account]});
    let keyed = async |path: &str| {
        client.send(client.request(Method::POST, path).header("Idempotency-Key", "one").json(&body)).await
    };
    keyed("/v1/posts").await.expect(201);
    keyed("/v1/posts/validate").await.refused(422, "idempotency_mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_named() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    let post = client.post("/v1/posts", json!({"body": "whole", "account_ids": [account]})).await.expect(201);
    let post = format!("/v1/posts/{}", post["id"].as_str().expect("an id"));
    for field in ["body", "account_ids", "media_ids", "tags", "thread", "overrides", "late_limit_seconds"] {
        let refused = client.patch(&post, json!({field: null})).await.refused(400, "invalid_request");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    client.patch(&post, json!({"first_comment": null})).await.expect(200);
    for (path, field) in [
        ("/v1/posts?platform=nope", "platform"),
        ("/v1/accounts?platform=nope", "platform"),
        ("/v1/posts?from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z", "from"),
    ] {
        let refused = client.get(path).await.refused(400, "invalid_request");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    client.get("/v1/posts?platform=sandbox&from=2026-12-01T00:00:00Z&to=2026-12-01T00:00:00Z").await.expect(200);
    let far = client.post(&format!("{post}/schedule"), json!({"at": "9999-12-31T23:59:59Z"})).await;
    let far = far.refused(400, "invalid_request");
    assert!(far["details"][0]["message"].as_str().is_some_and(|it| it.contains("9998")), "{far}");
}
