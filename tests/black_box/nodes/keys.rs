//! What one node revoked, another one refuses, for every request that begins after the answer.

use reqwest::Method;
use serde_json::json;

use super::id;
use crate::support::{API, Client, Cluster, Options};

const ROUNDS: usize = 30;

async fn made(client: &Client, scopes: &[&str]) -> (String, String) {
    let made = client.post("/v1/keys", json!({"name": "short-lived", "scopes": scopes})).await.expect(201);
    (id(&made), made["secret"].as_str().expect("a secret").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_one_node_revoked_is_refused_by_the_other() {
    let cluster = Cluster::start(Options::default()).await;
    for round in 0..ROUNDS {
        let (here, there) = (API[round % 2], API[(round + 1) % 2]);
        let (key, secret) = made(&cluster.client(here), &["posts:read"]).await;
        let user = cluster.client_of(there, &secret);
        user.get("/v1/posts").await.expect(200);
        cluster.client(here).delete(&format!("/v1/keys/{key}")).await.expect(200);
        let error = user.get("/v1/posts").await.refused(401, "unauthorized");
        assert_eq!(error["reason"], "revoked_key", "round {round}");
    }
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_took_from_a_key_the_other_does_not_give() {
    let cluster = Cluster::start(Options::default()).await;
    for round in 0..ROUNDS {
        let (here, there) = (API[round % 2], API[(round + 1) % 2]);
        let (key, secret) = made(&cluster.client(here), &["posts:read", "keys:read"]).await;
        let user = cluster.client_of(there, &secret);
        user.get("/v1/keys").await.expect(200);
        let key = format!("/v1/keys/{key}");
        cluster.client(here).patch(&key, json!({"scopes": ["posts:read"]})).await.expect(200);
        user.get("/v1/keys").await.refused(403, "forbidden_scope");
        user.get("/v1/posts").await.expect(200);

        let rotate = cluster.client(here).request(Method::POST, &format!("{key}/rotate"));
        let newer = cluster.client(here).send(rotate.json(&json!({"overlap_seconds": 0}))).await.expect(201);
        user.get("/v1/posts").await.refused(401, "unauthorized");
        let newer = cluster.client_of(there, newer["secret"].as_str().expect("a secret"));
        newer.get("/v1/posts").await.expect(200);
    }
    cluster.end().await;
}
