//! A plan's quota holds for all nodes together, to the last of it.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, Cluster, Options, THREE};

const PLANS: &str = "ten.posts_per_month=10,eleven.posts_per_month=11";

fn set(cluster: &Cluster, node: usize, plan: &str) {
    let data = cluster[node].data().to_str().expect("a path of text").to_owned();
    cluster.command(&["plans", "set", plan, "--data", &data]).ok();
}

async fn used(client: &Client) -> u64 {
    client.get("/v1/me").await.expect(200)["plan"]["quotas"][0]["used"].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_never_both_take_the_last() {
    let options = Options { plans: Some(PLANS), log: Some("warn"), ..Options::default() };
    let mut cluster = Cluster::stopped_of(&THREE[..2], &options);
    cluster.start_all().await;
    let clients = [cluster.client(0), cluster.client(1)];
    let account = clients[0].own_account().await;
    set(&cluster, 1, "ten");
    let body = |number: usize| json!({"body": format!("number {number}"), "account_ids": [account]});
    let answers = join_all((0..40).map(|number| clients[number % 2].post("/v1/posts", body(number)))).await;
    let mut made = 0;
    for answer in &answers {
        if answer.status == 201 {
            made += 1;
        } else {
            answer.refused(402, "quota_exceeded");
        }
    }
    assert_eq!((made, used(&clients[0]).await, used(&clients[1]).await), (10, 10, 10));
    assert_eq!(clients[1].all("/v1/posts").await.len(), 10);

    // One request, sent to both at once, takes the last once.
    set(&cluster, 0, "eleven");
    let keyed = |node: usize| {
        let request = clients[node].request(Method::POST, "/v1/posts").header("Idempotency-Key", "the last");
        clients[node].send(request.json(&body(100)))
    };
    let both = join_all([keyed(0), keyed(1)]).await;
    for answer in &both {
        // Who meets the other while it is under way is told so.
        assert!(matches!(answer.status, 201 | 409), "{}: {}", answer.status, answer.text);
    }
    let (again, other) = (keyed(0).await, keyed(1).await);
    assert_eq!(again.expect(201)["id"], other.expect(201)["id"]);
    clients[1].post("/v1/posts", body(101)).await.refused(402, "quota_exceeded");

    // What was counted is in the database: a node that dies takes nothing of it along.
    cluster[0].kill9();
    cluster.restart(0).await;
    assert_eq!(used(&cluster.client(0)).await, 11);
    cluster.client(0).post("/v1/posts", body(102)).await.refused(402, "quota_exceeded");
    cluster.end().await;
}
