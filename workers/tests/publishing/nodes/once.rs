//! Each target is published once, whoever dies or freezes.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::{
    commands::{Executor, Sharing},
    ids::PostId,
    post::{Content, PostServices, TargetStatus},
    seal::Open,
};
use campanile_workers::publishing::Leader;

use super::{
    crossing::Crossing,
    freezer::{comes, freezing},
    node::{Node, PATIENCE, accounts, counts, made, until},
};
use crate::house::{Ground, House, Setting, quick, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_targets_that_are_due_at_once_are_published_once_each() {
    let ground = Ground::of(Setting::Nodes).await;
    let one_worker = |house: &mut House| house.workers = 1;
    let (one, other) = (Node::start(&ground, 2, one_worker).await, Node::start(&ground, 2, one_worker).await);
    until("one leads", || one.leads() != other.leads()).await;
    let accounts = accounts(&one.house, 50).await;
    let due = one.house.clock.now() + chrono::Duration::milliseconds(1500);
    let mut posts = Vec::new();
    for (number, accounts) in accounts.chunks(10).enumerate() {
        posts.push(one.house.schedule(text(&format!("ding {number}")), accounts, due).await);
    }
    let mut workers = std::collections::BTreeSet::new();
    for post in posts {
        let state = other.house.ended(post).await;
        for target in &state.targets {
            assert_eq!(target.status(), TargetStatus::Published, "{target:#?}");
            assert_eq!(target.attempts.len(), 1, "{target:#?}");
            workers.insert(target.attempts[0].worker);
        }
    }
    let counts = counts(&ground);
    assert_eq!(counts.len(), 50);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let early = ground.sandbox.journal().requests.iter().filter(|it| it.received_at < due).count();
    assert_eq!(early, 0, "never before the due time");
    assert_eq!(workers.len(), 2, "both nodes worked: {workers:?}");
}

/// Every append of a worker comes too late twice: another node has written to the post since it was decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meets_another_nodes_write_is_not_dropped() {
    let ground = Ground::of(Setting::Nodes).await;
    let house = House::beside(&ground, quick()).await;
    let accounts = accounts(&house, 3).await;
    let post = house.schedule(text("once"), &accounts, house.clock.now()).await;
    let mut crossed = House::beside(&ground, quick()).await;
    let crossing = Crossing::new(Arc::clone(crossed.posts.everywhere()));
    let (services, remember) = (PostServices { timing: crossed.timing }, NonZeroUsize::new(100).expect("above 0"));
    crossed.posts =
        Executor::new(Arc::clone(&crossing) as _, crossed.clock.clone(), services, Sharing::Shared, remember);
    let _publishing = crossed.start().await;
    let ended = tokio::time::timeout(PATIENCE, house.ended(post)).await.expect("it comes to its end");
    for target in &ended.targets {
        assert_eq!(target.status(), TargetStatus::Published, "{target:#?}");
        assert_eq!(target.attempts.len(), 1, "nothing is begun anew: {target:#?}");
    }
    let counts = counts(&ground);
    assert!(counts.len() == 3 && counts.values().all(|count| *count == 1), "{counts:?}");
    // Three that begin together may be one append; each outcome is another, or goes with another's.
    assert!(crossing.conflicts() >= 4, "{} appends came too late", crossing.conflicts());
}

/// Each target's worker writes to its post's stream several times; the nodes' appends meet there again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_nodes_write_to_one_post_at_once_is_not_dropped() {
    let ground = Ground::of(Setting::Nodes).await;
    let (one, _other) = (Node::start(&ground, 2, |_| {}).await, Node::start(&ground, 2, |_| {}).await);
    let accounts = accounts(&one.house, 24).await;
    let due = one.house.clock.now() + chrono::Duration::milliseconds(500);
    let part = |part: usize| Open::new(format!("part {part}"));
    let content = Content { body: part(0), thread: (1..4).map(part).collect(), ..Content::default() };
    let post = one.house.schedule(content, &accounts, due).await;
    let ended = tokio::time::timeout(PATIENCE, one.house.ended(post)).await.expect("it comes to its end");
    for target in &ended.targets {
        assert_eq!(target.status(), TargetStatus::Published, "{target:#?}");
    }
    let counts = counts(&ground);
    assert!(counts.len() == 96 && counts.values().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_leader_left_behind_is_published_all_the_same() {
    let ground = Ground::of(Setting::Nodes).await;
    let mut one = Node::start(&ground, 2, |_| {}).await;
    until("the first leads", || one.leads()).await;
    let other = Node::start(&ground, 2, |_| {}).await;
    let accounts = accounts(&other.house, 6).await;
    let mut posts: Vec<PostId> = Vec::new();
    for number in 0..30 {
        let at = other.house.clock.now() + chrono::Duration::milliseconds(600 + 30 * number);
        posts.push(other.house.schedule(text(&format!("ding {number}")), &accounts, at).await);
    }
    let sandbox = Arc::clone(&ground.sandbox);
    until("some are out", || sandbox.journal().requests.len() >= 20).await;
    one.kill();
    let mut unknown = 0;
    for post in posts {
        for target in &other.house.ended(post).await.targets {
            // What it had in hand when it died can't be known where the platform can't be asked.
            let may_be_unknown = target.attempts[0].delivery == campanile_events::post::Delivery::Blind;
            match target.status() {
                TargetStatus::Published => {}
                TargetStatus::Unknown if may_be_unknown => unknown += 1,
                _ => panic!("{target:#?}"),
            }
        }
    }
    let counts = counts(&ground);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert!(counts.len() <= 180 && counts.len() + unknown >= 180, "{} are visible, {unknown} unknown", counts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_past_its_lease_sends_nothing() {
    let ground = Ground::of(Setting::Nodes).await;
    let (_frozen, word, thaw) = freezing(&ground).await;
    let house = House::beside(&ground, quick()).await;
    let account = house.connect("owl", "searchable").await;
    let post = house.schedule(text("once"), &[account], house.clock.now()).await;
    comes(word).await;
    let _publishing = house.start().await;
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    let first = state.targets[0].attempts[0].worker;
    assert_ne!(state.targets[0].attempts[1].worker, first);
    // Its own word that it didn't send is the last event there is.
    let version = async || house.posts.load(ground.workspace, post.uuid()).await.expect("read").expect("there").version;
    let (before, begun) = (version().await, Instant::now());
    thaw.send(()).expect("it is frozen");
    while version().await == before {
        assert!(begun.elapsed() < PATIENCE, "it never came back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ground.sandbox.journal().requests.len(), 1, "and nothing else of it left");
    assert_eq!(house.visible("owl").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_can_not_be_heard_begins_nothing() {
    let ground = Ground::of(Setting::Nodes).await;
    let node = Node::start(&ground, 2, |_| {}).await;
    let account = node.house.connect("owl", "keyed").await;
    ground.servers().sql("alter table campanile.worker_heartbeats rename to lost");
    // Longer than its last beat is young enough to begin anything by.
    tokio::time::sleep(node.house.timing.lease).await;
    let post = node.house.schedule(text("unheard"), &[account], node.house.clock.now()).await;
    // That nothing comes shows in time alone: as long as five sweeps.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(node.house.post(post).await.targets[0].attempts.is_empty(), "nothing was begun");
    ground.servers().sql("alter table campanile.lost rename to worker_heartbeats");
    let state = node.house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    assert_eq!(state.targets[0].attempts.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_nats_each_node_with_workers_goes_on_from_the_database() {
    let ground = Ground::of(Setting::Nodes).await;
    let house = made(&ground).await;
    let leader = house.start().await;
    until("it leads", || matches!(leader.leader(), Some(Leader::This { .. }))).await;
    let there = Node::start(&ground, 2, |house| house.scheduler = false).await;
    assert_eq!(there.publishing.leader(), None);
    let accounts = accounts(&house, 3).await;
    ground.servers().nats().kill9();
    let mut posts = Vec::new();
    for number in 0..5 {
        posts.push(house.schedule(text(&format!("ding {number}")), &accounts, house.clock.now()).await);
    }
    for post in posts {
        let state = house.ended(post).await;
        assert!(state.targets.iter().all(|it| it.status() == TargetStatus::Published), "{:#?}", state.targets);
    }
    let counts = counts(&ground);
    assert!(counts.len() == 15 && counts.values().all(|count| *count == 1), "{counts:?}");
}
