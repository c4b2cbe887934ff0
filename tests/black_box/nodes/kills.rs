//! `kill -9` again and again, of every node, of NATS and of PostgreSQL, while posts fall due: afterwards every post is
//! accounted for, none stands twice, none is lost.
//!
//! `CAMPANILE_SEED` repeats a run's choices, `CAMPANILE_KILLS` and `CAMPANILE_POSTS` make it longer or shorter.

use std::time::Duration;

use serde_json::json;

use super::id;
use crate::{
    kills::{
        Replay, account_for, faults,
        plan::{self, Plan},
    },
    support::{API, Chance, Cluster, Options, SOON, SandboxServer, eventually, now, until},
};

/// How long a kill takes, with what comes back after it.
const EACH: Duration = Duration::from_secs(3);
/// What was killed is away for less than this, in milliseconds.
const AWAY: u64 = 1_500;
/// How long a thousand posts may take to be written.
const WRITING: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_doubled_or_lost_when_nodes_and_servers_are_killed() {
    let replay = Replay(Plan::of(20, 1_000, WRITING, |kills| EACH * kills.max(1)), "nodes::kills");
    let plan = replay.0;
    println!("record: seed {}, {} kills, {} posts", plan.seed, plan.kills, plan.posts);
    let mut chance = Chance::of(plan.seed);
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let (posts, first) = plan::write(&cluster.client(API[0]), &sandbox, plan, &mut chance).await;
    faults::add(&sandbox, &mut chance).await;
    until(first).await;
    let kept = kill_again_and_again(&mut cluster, plan, &mut chance).await;
    sandbox.no_faults().await;
    // What was killed last may still be on its way back; until then a 503 is the right answer.
    for node in 0..cluster.size() {
        cluster[node].ready().await;
    }
    account_for(&cluster.client(API[1]), &sandbox, &posts, &kept).await;
    cluster.end().await;
}

/// What is killed.
enum Victim {
    Node(usize),
    Nats,
    Postgres,
}

impl Victim {
    /// Every node, then the servers.
    fn of(number: usize, cluster: &Cluster) -> Self {
        match number.checked_sub(cluster.size()) {
            None => Self::Node(number),
            Some(0) => Self::Nats,
            Some(_) => Self::Postgres,
        }
    }
}

/// Kills and restarts at moments of chance; gives the drafts that were answered meanwhile.
async fn kill_again_and_again(cluster: &mut Cluster, plan: Plan, chance: &mut Chance) -> Vec<String> {
    let account = account(cluster).await;
    let mut kept = Vec::new();
    let begun = now();
    for kill in 0..plan.kills {
        // None of these has to be taken; what was taken has to stay.
        let client = cluster.client(API[chance.below(2) as usize]);
        let body = json!({"body": format!("kept {kill}"), "account_ids": [account]});
        let request = client.request(reqwest::Method::POST, "/v1/posts").json(&body);
        if let Ok(answer) = client.try_send(request).await
            && answer.status == 201
        {
            kept.push(id(&answer.json()));
        }
        // The moments are laid out beforehand: what a restart takes is not added to them.
        let each = plan.window * kill / plan.kills.max(1);
        until(begun + each + Duration::from_millis(chance.below(plan.shortest_up))).await;
        let away = Duration::from_millis(chance.below(AWAY));
        match Victim::of(chance.below(cluster.size() as u64 + 2) as usize, cluster) {
            Victim::Node(node) => {
                cluster[node].kill9();
                tokio::time::sleep(away).await;
                cluster.launch(node).await;
            }
            Victim::Nats => {
                cluster.servers().nats.kill9();
                tokio::time::sleep(away).await;
                cluster.servers().nats.start_again();
            }
            Victim::Postgres => {
                cluster.servers().postgres.kill9();
                tokio::time::sleep(away).await;
                cluster.servers().postgres.start_again();
            }
        }
    }
    println!("record: {} of {} drafts were taken meanwhile", kept.len(), plan.kills);
    kept
}

/// An account of the sandbox within a node: nothing is published on it.
async fn account(cluster: &Cluster) -> String {
    let client = cluster.client(API[0]);
    eventually("an account is connected", SOON, async || {
        let request = client.request(reqwest::Method::POST, "/v1/connect/sandbox");
        let answer = client.try_send(request.json(&json!({"handle": "bells", "delivery": "keyed"}))).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status == 201 { Ok(id(&answer.json())) } else { Err(answer.text) }
    })
    .await
}
