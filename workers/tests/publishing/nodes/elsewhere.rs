//! A leader whose jobs go where the workers don't hear of them, as one of another build's may.

use campanile_events::post::TargetStatus;

use super::node::{Node, until};
use crate::house::{Ground, Setting, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_leader_puts_where_no_worker_hears_of_it_is_published_all_the_same() {
    let ground = Ground::of(Setting::Nodes).await;
    let leader = Node::start(&ground, 2, |house| {
        house.workers = 0;
        house.bus = "another";
    })
    .await;
    until("it leads", || leader.leads()).await;
    let worker = Node::start(&ground, 2, |house| house.scheduler = false).await;
    let account = worker.house.connect("owl", "keyed").await;
    let due = worker.house.clock.now();
    let post = worker.house.schedule(text("heard of late"), &[account], due).await;
    assert_eq!(worker.house.ended(post).await.targets[0].status(), TargetStatus::Published);
    assert!(leader.leads(), "nobody took its place");
}
