//! Many nodes on one PostgreSQL and one NATS: two for each thing that nodes do, and what becomes of their promises when any
//! of it dies, stands still or forgets.
//!
//! - `bus`: NATS loses all that it had, or wakes up in the past, or is away.
//! - `database`: PostgreSQL is away.
//! - `founding`: several make an engine at once.
//! - `engines`: another engine on the same NATS.
//! - `dying`, `standing_still`: one node of two. `cut_off`: one that reaches the bus, and no longer the database.
//! - `reading`: what one node wrote, another one shows. `keys`: what one node revoked, another one refuses.
//! - `peppers`: a new pepper waits for every node, and a node that lacks one says so.
//! - `roles`: what a node answers that has not all roles.
//! - `limits`: all together let in no more than one would. `quotas`: nor store more than a plan has. `revoking`: keys that are revoked under load.
//! - `leading`: who leads, in figures.
//! - `real_timing`: the promises in seconds, where that is asked for.
//! - `upgrade`: nodes of an older build beside newer ones.

mod bus;
mod cut_off;
mod database;
mod dying;
mod engines;
mod founding;
mod keys;
mod leading;
mod limits;
mod peppers;
mod quotas;
mod reading;
mod real_timing;
mod revoking;
mod roles;
mod standing_still;
mod upgrade;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    kills::plan::{self, Plan, Planned},
    support::{API, Chance, Client, Cluster, SandboxServer, Truth},
};

/// How soon a client comes back that was sent away: sooner than it was asked to.
const AGAIN: Duration = Duration::from_millis(200);

/// As many posts as this, of all delivery classes, which fall due within `window`.
async fn posts_due(cluster: &Cluster, sandbox: &SandboxServer, posts: usize, window: Duration) -> Vec<Planned> {
    let plan = Plan { seed: Chance::seed(), posts, writing: Duration::from_secs(6), window };
    println!("record: seed {}", plan.seed);
    let mut chance = Chance::of(plan.seed);
    let (posts, first) = plan::write(&cluster.client(API[0]), sandbox, plan, &mut chance).await;
    crate::support::until(first).await;
    posts
}

/// Every one of these posts is there once, and nothing else; gives how late the latest came, after its due time.
fn latest_of(posts: &[Planned], truth: &Truth) -> Duration {
    assert_eq!(truth.visible.len(), posts.len(), "{:?}", truth.counts().iter().filter(|it| *it.1 > 1));
    let late = posts.iter().map(|post| {
        let shown = truth.visible.iter().find(|it| it.account == post.handle && it.text == post.text);
        let shown = shown.unwrap_or_else(|| panic!("{} never came", post.text));
        (shown.at - post.due).to_std().unwrap_or_else(|_| panic!("{} came before it was due", post.text))
    });
    late.max().unwrap_or_default()
}

/// Writes a post that is published at once, and gives its id.
async fn publish(client: &Client, body: &str, account: &str) -> String {
    let body = json!({"body": body, "account_ids": [account], "publish": true});
    id(&client.post("/v1/posts", body).await.expect(201))
}

fn id(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

/// A request that goes on until it is taken, as a client's does that was told to come back: gives the answer, and how often
/// it was refused before.
async fn insist(client: &Client, path: &str, key: &str, body: &Value, limit: Duration) -> (Value, usize) {
    let begun = Instant::now();
    let mut refused = 0;
    loop {
        let request = client.request(reqwest::Method::POST, path).header("Idempotency-Key", key).json(body);
        let answer = client.send(request).await;
        match answer.status {
            200 | 201 => return (answer.json(), refused),
            // The same request as before may still be under way.
            409 => {}
            _ => {
                answer.refused(503, "unavailable");
                let pause = answer.header("retry-after").parse::<u64>();
                assert!(pause.is_ok_and(|pause| pause >= 1), "Retry-After: {:?}", answer.headers);
                refused += 1;
            }
        }
        assert!(begun.elapsed() < limit, "not within {limit:?}: {path} is taken; answered last: {}", answer.text);
        tokio::time::sleep(AGAIN).await;
    }
}
