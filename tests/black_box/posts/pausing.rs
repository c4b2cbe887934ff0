//! The stop button.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Town, draft, id};
use crate::support::{SOON, attempts, eventually, now, published, settled};

async fn workspace(client: &crate::support::Client) -> String {
    let me = client.get("/v1/me").await.expect(200);
    me["workspace_id"].as_str().expect("a workspace's id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_it_is_paused_and_nothing_is_lost() {
    let mut town = Town::start().await;
    let client = town.client();
    let workspace = workspace(&client).await;
    let pause = || {
        let path = format!("/v1/workspaces/{workspace}/pause");
        client.send(client.request(reqwest::Method::POST, &path).header("Idempotency-Key", "stop"))
    };
    let paused = pause().await;
    let since = paused.expect(200)["paused_at"].as_str().expect("since when").to_owned();
    assert_eq!(paused.expect(200)["id"], workspace);
    assert!(paused.position() > 0);
    let again = client.post_empty(&format!("/v1/workspaces/{workspace}/pause")).await.expect(200);
    assert_eq!(again["paused_at"], since, "it is paused already");
    assert_eq!(client.get("/v1/me").await.expect(200)["paused_at"], since);

    let in_time = draft(&client, "in time", &[&town.keyed, &town.searchable, &town.blind]).await;
    client.post_empty(&format!("/v1/posts/{in_time}/publish")).await.expect(200);
    let late = json!({"body": "too late", "account_ids": [town.blind], "late_limit_seconds": 1, "publish": true});
    let late = id(&client.post("/v1/posts", late).await.expect(201));
    town.engine.terminate();
    town.engine.restart().await;
    let ready = town.engine.anonymous().get("/readyz").await;
    assert!(ready.status == 200 && ready.text.contains("1 paused"), "{}", ready.text);
    // That nothing comes shows in time alone: as long as several sweeps.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(town.sandbox.truth().await.requests.len(), 0);
    assert_eq!(attempts(&client, &in_time).await, Vec::<Value>::new());

    let resumed = client.post_empty(&format!("/v1/workspaces/{workspace}/resume")).await.expect(200);
    assert_eq!(resumed["paused_at"], Value::Null);
    let replayed = pause().await;
    assert_eq!(
        (replayed.expect(200)["paused_at"].as_str(), replayed.header("idempotent-replayed")),
        (Some(&*since), "true")
    );
    published(&client, &in_time, SOON).await;
    assert_eq!(settled(&client, &late, SOON).await["status"], "missed");
    assert_eq!(town.sandbox.truth().await.visible.len(), 3);
    assert_eq!(client.get("/v1/me").await.expect(200)["paused_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_in_hand_stops_before_its_next_part() {
    let town = Town::start().await;
    let client = town.client();
    let workspace = workspace(&client).await;
    let fault = json!({"kind": "answer_late", "seconds": 0.3, "account": "keyed", "times": 20});
    town.sandbox.fault(fault).await;
    let thread: Vec<_> = (1..8).map(|part| json!({"body": format!("part {part}")})).collect();
    let body = json!({"body": "part 0", "thread": thread, "account_ids": [town.keyed], "publish": true});
    let post = id(&client.post("/v1/posts", body).await.expect(201));
    eventually("the second part came", SOON, async || {
        let requests = town.sandbox.truth().await.requests.len();
        if requests >= 2 { Ok(()) } else { Err(requests.to_string()) }
    })
    .await;
    client.post_empty(&format!("/v1/workspaces/{workspace}/pause")).await.expect(200);
    let sent = town.sandbox.truth().await.requests.len();
    assert!(sent < 8, "it was in its middle");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(town.sandbox.truth().await.requests.len(), sent, "nothing leaves after the answer");
    let stopped = client.get(&format!("/v1/posts/{post}")).await.expect(200);
    assert_eq!(stopped["targets"][0]["parts"].as_array().map(Vec::len), Some(sent), "{stopped}");
    client.post_empty(&format!("/v1/workspaces/{workspace}/resume")).await.expect(200);
    published(&client, &post, SOON).await;
    let texts: Vec<_> = town.sandbox.truth().await.visible.into_iter().map(|post| post.text).collect();
    assert_eq!(texts, (0..8).map(|part| format!("part {part}")).collect::<Vec<_>>());
}

/// The worker has looked, asked and connected, and waits for the instant: only the pass stands between it and the request.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_in_hand_is_not_sent_once_it_is_paused() {
    let town = Town::start().await;
    let client = town.client();
    let workspace = workspace(&client).await;
    let tell = async |what: &str| client.post_empty(&format!("/v1/workspaces/{workspace}/{what}")).await.expect(200);
    for attempt in 0..5 {
        let sent = town.sandbox.truth().await.requests.len();
        let at = now() + chrono::Duration::milliseconds(1_500);
        let body = json!({"body": format!("in hand {attempt}"), "account_ids": [town.keyed], "schedule": {"at": at}});
        let post = id(&client.post("/v1/posts", body).await.expect(201));
        // A worker has it from a second before the instant on; half of that is for the pause.
        let soon = at - now() - chrono::Duration::milliseconds(500);
        tokio::time::sleep(soon.to_std().unwrap_or_default()).await;
        tell("pause").await;
        if now() >= at {
            // The machine was too slow to tell anything.
            tell("resume").await;
            continue;
        }
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(town.sandbox.truth().await.requests.len(), sent, "it was paused before the instant");
        assert_eq!(attempts(&client, &post).await, Vec::<Value>::new());
        tell("resume").await;
        published(&client, &post, SOON).await;
        return;
    }
    panic!("five times the pause was answered only after the instant");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_right_to_publish_in_one_s_own_workspace() {
    let town = Town::start().await;
    let client = town.client();
    let own = workspace(&client).await;
    let writer = town.engine.client_of(&client.key(&["posts:write"]).await);
    for action in ["pause", "resume"] {
        writer.post_empty(&format!("/v1/workspaces/{own}/{action}")).await.refused(403, "forbidden_scope");
        let other = format!("/v1/workspaces/ws_01k00000000000000000000000/{action}");
        client.post_empty(&other).await.refused(404, "not_found");
    }
    assert_eq!(client.get("/v1/me").await.expect(200)["paused_at"], Value::Null);
}
