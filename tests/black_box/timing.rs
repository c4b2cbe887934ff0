//! At the right moment: one post on many accounts.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::support::{Engine, Options, SOON, SandboxServer, now, published};

const ACCOUNTS: usize = 20;
const ROUNDS: usize = 3;
/// What a busy machine may add to the 50 ms that are meant.
const BOUND: Duration = Duration::from_millis(500);

/// How long after its due time each call began, in milliseconds, sorted.
fn lateness(due: DateTime<Utc>, came: &[DateTime<Utc>]) -> Vec<f64> {
    let mut late: Vec<_> =
        came.iter().map(|at| (*at - due).num_microseconds().expect("a short time") as f64 / 1e3).collect();
    late.sort_by(f64::total_cmp);
    late
}

fn print(round: usize, late: &[f64]) {
    let (first, middle, last) = (late[0], late[late.len() / 2], late[late.len() - 1]);
    println!(
        "record: round {round}: {} calls began {first:.1} to {last:.1} ms after due, half within {middle:.1} ms",
        late.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_accounts_are_called_when_a_post_is_due_and_none_before() {
    let sandbox = SandboxServer::start().await;
    let engine = Engine::start(Options { timing: None, ..Options::default() }).await;
    let client = engine.client();
    let mut accounts = Vec::new();
    for number in 0..ACCOUNTS {
        accounts.push(client.connect_sandbox(&sandbox.address, &format!("town{number}"), "keyed").await);
    }
    for round in 1..=ROUNDS {
        let before = sandbox.truth().await.requests.len();
        let due = (now() + Duration::from_secs(4)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = json!({"body": format!("round {round}"), "account_ids": accounts, "schedule": {"at": due}});
        let post = client.post("/v1/posts", body).await.expect(201);
        published(&client, post["id"].as_str().expect("an id"), SOON).await;
        let truth = sandbox.truth().await;
        let came: Vec<_> = truth.requests[before..].iter().map(|request| request.at).collect();
        assert_eq!(came.len(), ACCOUNTS);
        let late = lateness(due.parse().expect("a time"), &came);
        print(round, &late);
        assert!(late[0] >= 0.0, "a call came {:.3} ms before the post was due", -late[0]);
        assert!(
            late[ACCOUNTS - 1] <= BOUND.as_secs_f64() * 1e3,
            "the last call came {:.1} ms late",
            late[ACCOUNTS - 1]
        );
    }
}
