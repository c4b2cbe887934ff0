//! A new pepper is used once every node has it; a node that lacks one says so, and refuses nobody without a word.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Cluster, Options, eventually};

const NODES: [(&str, &str); 2] = [("one", "api,projector,scheduler"), ("two", "api,projector")];
const LIMIT: Duration = Duration::from_mins(2);

async fn made(client: &Client) -> String {
    let made = client.post("/v1/keys", json!({"name": "k", "scopes": ["posts:read"]})).await.expect(201);
    made["secret"].as_str().expect("a secret").to_owned()
}

/// Waits until a version stands so for the first node.
async fn stands(cluster: &Cluster, version: u64, state: &str) {
    eventually(state, LIMIT, async || {
        let listed = cluster.command_at(0, &["peppers", "list", "--json"]).ok();
        let listed: Value = serde_json::from_str(&listed).expect("JSON");
        let mut all = listed["data"].as_array().expect("versions").iter();
        let stands = all.any(|it| it["version"] == version && it["state"] == state);
        if stands { Ok(()) } else { Err(listed.to_string()) }
    })
    .await;
}

/// Waits until a node says this of its peppers.
async fn says(cluster: &Cluster, node: usize, what: &str) {
    eventually(what, LIMIT, async || {
        let ready = cluster[node].visitor().get("/readyz").await.text;
        if ready.contains(what) { Ok(()) } else { Err(ready) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pepper_waits_for_every_node_and_a_node_that_lacks_one_says_so() {
    let mut cluster = Cluster::stopped_of(&NODES, &Options::default());
    let (shared, own) = (cluster.servers().peppers(), cluster[1].data().join("own-peppers"));
    let way = cluster.servers().environment_with_peppers(&own);
    cluster.reach_by(1, way);
    cluster.start_all().await;

    cluster.command_at(0, &["peppers", "add"]).ok();
    stands(&cluster, 2, "waiting").await;
    let before = made(&cluster.client(0)).await;
    cluster.client_of(1, &before).get("/v1/posts").await.expect(200);
    std::fs::copy(&shared, &own).expect("copied");
    stands(&cluster, 2, "newest").await;
    says(&cluster, 1, "\npeppers: ok version 2 of 1, 2\n").await;
    let after = made(&cluster.client(0)).await;
    for secret in [&before, &after] {
        cluster.client_of(1, secret).get("/v1/posts").await.expect(200);
    }

    // As if the second node had been silent for long: it is not waited for.
    cluster.command_at(0, &["peppers", "add"]).ok();
    loop {
        cluster.servers().sql("delete from campanile.pepper_nodes");
        let listed = cluster.command_at(0, &["peppers", "list", "--json"]).ok();
        let listed: Value = serde_json::from_str(&listed).expect("JSON");
        if listed["data"][2]["state"] == "newest" {
            break;
        }
    }
    let last = made(&cluster.client(0)).await;
    cluster.client_of(0, &last).get("/v1/posts").await.expect(200);
    cluster.client_of(1, &last).get("/v1/posts").await.refused(503, "unavailable");
    says(&cluster, 1, "\npeppers: failing version 2 of 1, 2; lacks what keys stand under: version 3\n").await;
    cluster.client_of(1, &after).get("/v1/posts").await.expect(200);
    std::fs::copy(&shared, &own).expect("copied");
    says(&cluster, 1, "\npeppers: ok version 3 of 1, 2, 3\n").await;
    cluster.client_of(1, &last).get("/v1/posts").await.expect(200);

    // One that starts without what keys stand under is told which.
    cluster[1].terminate();
    std::fs::remove_file(&own).expect("removed");
    let refused = cluster.refused_to_serve(1);
    assert!(
        refused.code == Some(2) && refused.errors.contains("version 2 of the pepper is missing"),
        "{}",
        refused.errors
    );
    std::fs::copy(&shared, &own).expect("copied");
    cluster.restart(1).await;
    cluster.client_of(1, &last).get("/v1/posts").await.expect(200);
    cluster.end().await;
}
