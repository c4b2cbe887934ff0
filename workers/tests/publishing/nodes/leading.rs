//! Of several schedulers one acts, and only while it is sure of the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use campanile_events::{
    clock::{Clock, ClockTrouble, SharedClock},
    post::TargetStatus,
};
use campanile_workers::publishing::Leader;
use chrono::{DateTime, Utc};

use super::node::{Node, PATIENCE, until};
use crate::house::{Ground, Setting, quick, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_leads_once_the_leaders_lease_is_over() {
    let mut timing = quick();
    timing.apply("lease=12").expect("a good entry");
    let ground = Ground::of(Setting::Nodes).await;
    let mut one = Node::start_with(&ground, 2, timing, |_| {}).await;
    until("the first leads", || one.leads()).await;
    let Some(Leader::This { node, .. }) = one.publishing.leader() else { panic!("it leads") };
    let other = Node::start_with(&ground, 2, timing, |_| {}).await;
    until(
        "the second knows",
        || matches!(other.publishing.leader(), Some(Leader::Another { node: seen, .. }) if seen == node),
    )
    .await;
    let parts = other.publishing.status().await;
    let part = parts.iter().find(|it| it.part == "scheduler").expect("a part");
    assert!(part.ok && part.text.contains(&node.to_string()), "{part:?}");

    one.kill();
    let waited = until("the second leads", || other.leads()).await;
    // 6 s of a lease of 5 s, in proportion; the rest is for a machine that has other things to do.
    let most = timing.leader_lease() * 6 / 5 + Duration::from_millis(400);
    assert!(waited <= most, "{waited:?}");
    // Nobody renews its lease, so it has stopped by its own count, which goes on without any task of its own.
    assert!(!one.leads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_was_frozen_past_its_lease_leads_no_longer() {
    let mut timing = quick();
    timing.apply("lease=6").expect("a good entry");
    let ground = Ground::of(Setting::Nodes).await;
    let frozen = Node::start_with(&ground, 1, timing, |_| {}).await;
    until("the first leads", || frozen.leads()).await;
    let other = Node::start_with(&ground, 2, timing, |_| {}).await;
    let (thaw, thawed) = mpsc::channel::<()>();
    frozen.runtime.as_ref().expect("it lives").spawn(async move { thawed.recv_timeout(PATIENCE) });
    until("the second leads", || other.leads()).await;
    assert_eq!(frozen.publishing.leader(), Some(Leader::Unknown), "without a word from anybody it has stopped");
    thaw.send(()).expect("it is frozen");
    until("the first follows", || matches!(frozen.publishing.leader(), Some(Leader::Another { .. }))).await;
    assert!(other.leads(), "and takes nothing back");
}

/// A node's clock that it can't trust while it is told so.
#[derive(Debug)]
struct Doubtful {
    clock: SharedClock,
    is_in_doubt: Arc<AtomicBool>,
}

impl Clock for Doubtful {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn check(&self) -> Result<(), ClockTrouble> {
        if self.is_in_doubt.load(Ordering::Acquire) {
            return Err(ClockTrouble::Apart(Duration::from_secs(3)));
        }
        self.clock.check()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_sure_of_the_time_claims_nothing() {
    let ground = Ground::of(Setting::Nodes).await;
    let is_in_doubt = Arc::new(AtomicBool::new(false));
    let doubt = Arc::clone(&is_in_doubt);
    let one = Node::start(&ground, 2, move |house| {
        house.clock = Arc::new(Doubtful { clock: house.clock.clone(), is_in_doubt: doubt });
    })
    .await;
    until("it leads", || one.leads()).await;
    let account = one.house.connect("owl", "keyed").await;
    is_in_doubt.store(true, Ordering::Release);
    until("it leads no longer", || !one.leads()).await;
    let part = one.publishing.status().await.into_iter().find(|it| it.part == "clock").expect("a part");
    assert!(!part.ok && part.text.contains("3.0 s apart"), "{part:?}");
    let post = one.house.schedule(text("in doubt"), &[account], one.house.clock.now()).await;
    // Another's job, or one from before: it isn't taken.
    let other = Node::start(&ground, 2, |house| house.workers = 0).await;
    until("another leads", || other.leads()).await;
    // That nothing comes shows in time alone: as long as five sweeps.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(one.house.post(post).await.targets[0].attempts.is_empty(), "nothing was begun");
    is_in_doubt.store(false, Ordering::Release);
    assert_eq!(one.house.ended(post).await.targets[0].status(), TargetStatus::Published);
    assert!(!one.leads() && other.leads(), "who leads goes on to");
}
