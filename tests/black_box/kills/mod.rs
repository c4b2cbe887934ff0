//! `kill -9` again and again while posts fall due: afterwards every post is accounted for, none stands twice, none is lost.
//!
//! `CAMPANILE_SEED` repeats a run's choices, `CAMPANILE_KILLS` and `CAMPANILE_POSTS` make it longer or shorter.

mod account;
pub(crate) mod faults;
pub(crate) mod plan;

use std::time::Duration;

use serde_json::json;

use crate::support::{Chance, Client, Engine, Options, SandboxServer, now, settled, until};
use account::Accounting;
use plan::{Plan, Planned};

/// When nothing goes wrong any more, everything in doubt is settled within this.
const SETTLED: Duration = Duration::from_secs(90);

/// Says how to repeat a run that failed, of the tests with this name.
pub(crate) struct Replay(pub Plan, pub &'static str);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(Plan { seed, kills, posts, .. }, tests) = self;
            eprintln!(
                "to repeat: CAMPANILE_SEED={seed} CAMPANILE_KILLS={kills} CAMPANILE_POSTS={posts} tests/run -E 'test(/^{tests}::/)'"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_doubled_or_lost_when_the_engine_is_killed() {
    let replay = Replay(Plan::of(20, 300, Duration::from_secs(8), |_| Duration::from_secs(40)), "kills");
    let plan = replay.0;
    println!("record: seed {}, {} kills, {} posts", plan.seed, plan.kills, plan.posts);
    let mut chance = Chance::of(plan.seed);
    let sandbox = SandboxServer::start().await;
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let (posts, first) = plan::write(&client, &sandbox, plan, &mut chance).await;
    faults::add(&sandbox, &mut chance).await;
    until(first).await;

    let kept = kill_again_and_again(&mut engine, &client, plan, &mut chance).await;
    sandbox.no_faults().await;

    account_for(&client, &sandbox, &posts, &kept).await;
}

/// Waits until every post has come to its end, and holds them all against the platform's truth; `kept` are drafts whose
/// writing was answered.
pub(crate) async fn account_for(client: &Client, sandbox: &SandboxServer, posts: &[Planned], kept: &[String]) {
    let mut accounting = Accounting::default();
    for post in posts {
        let found = settled(client, &post.id, SETTLED).await;
        accounting.ended(client, post, &found).await;
    }
    for draft in kept {
        assert_eq!(
            client.get(&format!("/v1/posts/{draft}")).await.status,
            200,
            "an answered command was lost: {draft}"
        );
    }
    accounting.hold(posts, &sandbox.truth().await);
}

/// Kills and restarts at moments of chance; gives the drafts that were answered meanwhile.
async fn kill_again_and_again(engine: &mut Engine, client: &Client, plan: Plan, chance: &mut Chance) -> Vec<String> {
    let account = client.own_account().await;
    let mut kept = Vec::new();
    let mut restarts = Duration::ZERO;
    for kill in 0..plan.kills {
        let draft = client
            .post("/v1/posts", json!({"body": format!("kept {kill}"), "account_ids": [account]}))
            .await
            .expect(201);
        kept.push(draft["id"].as_str().expect("an id").to_owned());
        let up = Duration::from_millis(plan.shortest_up + chance.below(plan.widest_up));
        until(now() + up).await;
        engine.kill9();
        engine.restart().await;
        restarts += engine.ready_after();
    }
    println!("record: ready again after {} ms on average", restarts.as_millis() / u128::from(plan.kills.max(1)));
    kept
}
