//! Two nodes on one PostgreSQL: what each promises, both together keep.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{body::Body, http::Request};
use campanile_test_servers::Postgres as Server;
use futures::future::join_all;
use serde_json::{Value, json};

use super::fixture::{Answered, Api};

/// The same request on both nodes at once, `count` times in all.
async fn at_once(nodes: &[Arc<Api>; 2], count: usize, request: impl Fn() -> Request<Body>) -> Vec<Answered> {
    let all = (0..count).map(|number| {
        let (node, request) = (Arc::clone(&nodes[number % 2]), request());
        tokio::spawn(async move { node.send(request).await })
    });
    join_all(all.collect::<Vec<_>>()).await.into_iter().map(|it| it.expect("answered")).collect()
}

fn post(secret: &str, path: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Api::request_by(secret, "POST", path).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(Body::from(body.to_string())).expect("a request")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_equal_requests_on_two_nodes_one_is_carried_out() {
    let server = Server::start();
    let nodes = Api::two(&server).await;
    let account = nodes[0].account("ada").await;
    for (round, allow) in [(0, true), (1, false), (2, true), (3, false)] {
        let key = format!("k{round}");
        let body = json!({"body": format!("round {round}"), "account_ids": [account], "allow_duplicate": allow});
        let before = nodes[0].position().await;
        let answers = at_once(&nodes, 64, || post(&nodes[0].secret, "/v1/posts", Some(&key), &body)).await;
        let mut ids = BTreeSet::new();
        for answered in answers {
            match answered.status() {
                201 => drop(ids.insert(answered.id())),
                status => {
                    assert_eq!((status, answered.code()), (409, "idempotency_in_progress"), "{}", answered.body);
                }
            }
        }
        assert_eq!((ids.len(), nodes[0].position().await), (1, before + 1), "round {round}");
        for node in &nodes {
            let again = node.send(post(&node.secret, "/v1/posts", Some(&key), &body)).await;
            assert_eq!((again.status(), again.header("idempotent-replayed")), (201, "true"));
            assert!(ids.contains(&again.id()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_is_made_on_two_nodes_at_once_is_one() {
    let server = Server::start();
    let nodes = Api::two(&server).await;
    let body = json!({"name": "k", "scopes": ["posts:read"]});
    let answers = at_once(&nodes, 16, || post(&nodes[0].secret, "/v1/keys", Some("k"), &body)).await;
    let made: BTreeSet<_> = answers.iter().filter(|it| it.status() == 201).map(Answered::id).collect();
    assert_eq!(made.len(), 1);
    let secrets: BTreeSet<_> = answers.iter().filter_map(|it| it.body["secret"].as_str()).collect();
    assert_eq!(secrets.len(), 1);
    for node in &nodes {
        let opened = node.call_by(secrets.first().expect("one"), "GET", "/v1/posts", json!({})).await;
        assert_eq!(opened.status(), 200, "{}", opened.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_equal_posts_on_two_nodes_one_is_written() {
    let server = Server::start();
    let nodes = Api::two(&server).await;
    let account = nodes[0].account("ada").await;
    for round in 1..=10 {
        let body = json!({"body": format!("round {round}"), "account_ids": [account]});
        let before = nodes[1].position().await;
        let answers = at_once(&nodes, 8, || post(&nodes[0].secret, "/v1/posts", None, &body)).await;
        let written = answers.iter().filter(|it| it.status() == 201).count();
        let refused = answers.iter().filter(|it| it.code() == "duplicate_post").count();
        assert_eq!((written, refused), (1, 7), "round {round}");
        assert_eq!(nodes[1].position().await, before + 1);
    }
    let allowed = json!({"body": "round 1", "account_ids": [account], "allow_duplicate": true});
    let answers = at_once(&nodes, 4, || post(&nodes[0].secret, "/v1/posts", None, &allowed)).await;
    assert!(answers.iter().all(|it| it.status() == 201));
}

/// What was taken away by one node's answer, the other refuses at once: revoked, narrowed, rotated, found by its secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_node_takes_away_the_other_gives_no_more() {
    let server = Server::start();
    let nodes = Api::two(&server).await;
    let [one, other] = &nodes;
    for round in 0..40 {
        let (id, secret) = one.key(json!({"name": "k", "scopes": ["posts:read", "keys:read"]})).await;
        let answered = Arc::new(AtomicBool::new(false));
        let asker = tokio::spawn({
            let (other, secret, answered) = (Arc::clone(other), secret.clone(), Arc::clone(&answered));
            async move {
                let mut held = 0;
                loop {
                    let is_after = answered.load(Ordering::SeqCst);
                    let status = other.call_by(&secret, "GET", "/v1/posts", json!({})).await.status();
                    assert!(!is_after || status != 200, "round {round}");
                    held += usize::from(status == 200);
                    if is_after {
                        return held;
                    }
                }
            }
        });
        while other.call_by(&secret, "GET", "/v1/posts", json!({})).await.status() != 200 {}
        let taken = match round % 4 {
            0 => one.call("DELETE", &format!("/v1/keys/{id}"), json!({})).await,
            1 => one.call("PATCH", &format!("/v1/keys/{id}"), json!({"scopes": ["keys:read"]})).await,
            2 => one.call("POST", &format!("/v1/keys/{id}/rotate"), json!({"overlap_seconds": 0})).await,
            _ => one.call("POST", "/v1/keys/revoke-by-secret", json!({"secret": secret})).await,
        };
        assert!((200..300).contains(&taken.status()), "{}", taken.body);
        answered.store(true, Ordering::SeqCst);
        asker.await.expect("no request got in");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_and_a_role_that_end_on_one_node_end_on_the_other() {
    let server = Server::start();
    let [first, second] = Api::two(&server).await;
    let me = async |node: &Api, token: &str| node.call_by(token, "GET", "/v1/posts", json!(null)).await.status();
    let owner = first.login(Api::OWNER, Api::PASSWORD).await;
    let bob = second.joined(&owner, "bob@example.com", "editor").await;
    let id = second.call_by(&bob, "GET", "/v1/me", json!(null)).await.body["person"]["id"].clone();
    let path = format!("/v1/people/{}", id.as_str().expect("an id"));
    for round in 0..5 {
        let own = first.login(Api::OWNER, Api::PASSWORD).await;
        assert_eq!((me(&first, &own).await, me(&second, &own).await), (200, 200), "{round}");
        assert_eq!(first.call_by(&own, "POST", "/v1/auth/logout", json!({})).await.status(), 204);
        assert_eq!(me(&second, &own).await, 401, "{round}");
        let draft = async || second.call_by(&bob, "POST", "/v1/posts", json!({})).await.status();
        assert_eq!(draft().await, 400, "{round}");
        for (role, status) in [("viewer", 403), ("editor", 400)] {
            assert_eq!(first.call_by(&owner, "PATCH", &path, json!({"role": role})).await.status(), 200);
            assert_eq!(draft().await, status, "{round} {role}");
        }
    }
}
