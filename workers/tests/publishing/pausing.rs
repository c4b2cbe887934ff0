//! The stop button: nothing is sent once it was answered, nothing is lost.

use std::{collections::BTreeMap, time::Duration};

use campanile_events::{
    ids::OrganizationId,
    post::{Content, Limits, Phase, TargetStatus},
    seal::{Open, Sealed},
    workspace::WorkspaceAction,
};
use campanile_workers::platforms::sandbox::{Fault, FaultKind};

use crate::house::{House, Setting, quick, text};

in_every_setting!(
    a_pause_in_the_middle_of_a_burst_lets_nothing_slip,
    what_is_too_late_after_a_pause_is_missed_and_a_restart_keeps_the_pause,
);

const PARTS: usize = 4;

async fn made(setting: Setting) -> House {
    let house = House::open(setting, quick()).await;
    let name = Sealed::from_stored("s1.bmFtZQ");
    house.workspace(WorkspaceAction::Create { organization_id: OrganizationId::default(), name }).await;
    house
}

fn thread(post: usize) -> Content<Open> {
    let part = |part: usize| Open::new(format!("post {post}, part {part}"));
    Content { body: part(0), thread: (1..PARTS).map(part).collect(), ..Content::default() }
}

fn received(house: &House) -> usize {
    house.sandbox.journal().requests.len()
}

/// Waits until so many requests came.
async fn comes(house: &House, requests: usize) {
    let mut changes = house.sandbox.changes();
    while received(house) < requests {
        changes.changed().await.expect("the sandbox stands");
    }
}

async fn a_pause_in_the_middle_of_a_burst_lets_nothing_slip(setting: Setting) {
    let house = made(setting).await;
    let publishing = house.start().await;
    let mut accounts = Vec::new();
    for (handle, delivery) in [("a", "keyed"), ("b", "searchable"), ("c", "blind")] {
        accounts.push(house.connect(handle, delivery).await);
        house.fault(Fault { times: None, ..Fault::next(Some(handle), FaultKind::AnswerLate { seconds: 0.05 }, 1) });
    }
    let mut posts = Vec::new();
    for post in 0..10 {
        posts.push(house.schedule(thread(post), &accounts, house.clock.now()).await);
    }
    let all = 10 * accounts.len() * PARTS;
    comes(&house, all / 4).await;
    house.pause(&publishing).await;
    let sent = received(&house);
    assert!(sent < all, "the burst was in its middle: {sent} of {all}");

    posts.push(house.schedule(text("due in the pause"), &accounts, house.clock.now()).await);
    // That nothing comes shows in time alone: as long as ten sweeps and every pause before a retry.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(received(&house), sent, "after the answer nothing leaves");
    for post in &posts {
        let state = house.post(*post).await;
        assert!(state.targets.iter().all(|target| target.phase != Phase::Publishing), "nobody is at it any more");
    }
    let begun: usize = posts_attempts(&house, &posts).await;

    house.resume(&publishing).await;
    for post in &posts {
        let state = house.ended(*post).await;
        assert!(state.targets.iter().all(|target| target.status() == TargetStatus::Published), "{:#?}", state.targets);
    }
    assert!(posts_attempts(&house, &posts).await > begun, "what waited was begun after the pause");
    let mut counts = BTreeMap::new();
    for visible in house.sandbox.visible() {
        *counts.entry((visible.account, visible.text)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), all + accounts.len(), "nothing is lost");
    assert!(counts.values().all(|count| *count == 1), "and nothing comes twice: {counts:?}");
}

async fn posts_attempts(house: &House, posts: &[campanile_events::ids::PostId]) -> usize {
    let mut attempts = 0;
    for post in posts {
        attempts += house.post(*post).await.targets.iter().map(|target| target.attempts.len()).sum::<usize>();
    }
    attempts
}

async fn what_is_too_late_after_a_pause_is_missed_and_a_restart_keeps_the_pause(setting: Setting) {
    let house = made(setting).await;
    let account = house.connect("still", "keyed").await;
    let first = house.start().await;
    house.pause(&first).await;
    first.drain(Duration::from_secs(10)).await;

    let second = house.start().await;
    let now = house.clock.now();
    let limits = Limits { late_limit_seconds: 0, give_up_after_seconds: 0 };
    let late = house.schedule_within(text("too late"), &[account], now, limits).await;
    let soon = house.schedule(text("soon enough"), &[account], now).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(received(&house), 0, "the pause outlives the process");
    assert_eq!(house.post(late).await.targets[0].attempts.len(), 0);
    assert!(second.status().await.iter().any(|it| it.part == "pauses" && it.text.starts_with("1 paused")));
    assert!(second.status().await.iter().all(|it| it.ok), "a queue that was told to wait is no defect");

    house.resume(&second).await;
    assert_eq!(house.ended(soon).await.targets[0].status(), TargetStatus::Published);
    assert_eq!(house.ended(late).await.targets[0].status(), TargetStatus::Missed);
    assert_eq!(house.visible("still").len(), 1);
}
