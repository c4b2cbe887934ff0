//! What one node wrote, another one shows: at once, and where the client names the place in the log, for sure.

use reqwest::Method;
use serde_json::json;

use super::id;
use crate::support::{API, Cluster, Options, SCHEDULERS, SOON, eventually};

const ROUNDS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_on_one_node_is_read_on_another() {
    let cluster = Cluster::start(Options::default()).await;
    let [one, other] = API.map(|node| cluster.client(node));
    let account = one.own_account().await;
    let made = one.post("/v1/posts", json!({"body": "new", "account_ids": [account]})).await.expect(201);
    let post = format!("/v1/posts/{}", id(&made));
    for round in 0..ROUNDS {
        // In turn, so that each node has the post in its memory as it was before.
        let (writes, reads) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let body = format!("round {round}");
        let written = writes.patch(&post, json!({"body": body})).await;
        written.expect(200);
        assert_eq!(reads.get(&post).await.expect(200)["body"], body, "without the header");

        let body = format!("{body}, another");
        let made = writes.post("/v1/posts", json!({"body": body, "account_ids": [account]})).await;
        let draft = id(&made.expect(201));
        let place = made.header("campanile-position");
        let listed = reads.request(Method::GET, "/v1/posts?limit=5").header("Campanile-Position", place);
        let listed = reads.send(listed).await.expect(200);
        let found = listed["data"].as_array().expect("posts").iter().any(|it| it["id"] == *draft);
        assert!(found, "round {round}: {draft} stands at {place}, and is not in {listed}");
    }
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_in_which_nobody_projects_says_so() {
    let mut cluster = Cluster::start(Options::default()).await;
    for node in SCHEDULERS {
        cluster[node].kill9();
    }
    let visitor = cluster[API[0]].visitor();
    // Nothing is written, so that no read model lags.
    eventually("it is told", SOON, async || match visitor.get("/readyz").await {
        ready if ready.text.contains("projector: ok nobody has this role since") => Ok(()),
        ready => Err(ready.text),
    })
    .await;
    // What is written now is not published, either: no node is ready.
    cluster.client(API[1]).post("/v1/keys", json!({"name": "late", "scopes": ["posts:read"]})).await.expect(201);
    let ready = visitor.get("/readyz").await;
    assert!(ready.status == 503 && ready.text.contains("projector: failing nobody has this role"), "{}", ready.text);
    cluster.restart(SCHEDULERS[1]).await;
    cluster[API[0]].ready().await;
    assert!(visitor.get("/readyz").await.text.contains("projector: ok heard"));
    cluster.end().await;
}
