//! At the right moment: never before it, and not held up by one another.

use campanile_events::{ids::AccountId, post::TargetStatus};
use campanile_workers::platforms::sandbox::{Fault, FaultKind};
use chrono::Duration;

use crate::house::{House, Setting, quick, text};

in_every_setting!(
    twenty_targets_of_one_post_ring_together,
    what_was_due_while_nobody_worked_is_sent_or_missed,
    draining_leaves_nothing_half_done,
    what_a_platform_put_off_is_sent_when_it_said,
);

async fn twenty_targets_of_one_post_ring_together(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let mut accounts: Vec<AccountId> = Vec::new();
    for number in 0..20 {
        accounts.push(house.connect(&format!("bell-{number}"), ["keyed", "searchable", "blind"][number % 3]).await);
    }
    let due = house.clock.now() + Duration::milliseconds(1500);
    let post = house.schedule(text("ding"), &accounts, due).await;
    let state = house.ended(post).await;
    assert!(state.targets.iter().all(|target| target.status() == TargetStatus::Published));
    let journal = house.sandbox.journal();
    let mut lateness: Vec<_> = journal.requests.iter().map(|it| (it.received_at - due).num_microseconds()).collect();
    lateness.sort_unstable();
    println!("lateness of 20 calls in microseconds: {lateness:?}");
    assert_eq!(lateness.len(), 20, "one call each");
    assert!(lateness[0] >= Some(0), "never before the due time");
    assert!(state.targets.iter().all(|target| target.attempts.len() == 1), "no conflict cost an attempt");
}

async fn what_was_due_while_nobody_worked_is_sent_or_missed(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let account = house.connect("late", "keyed").await;
    let soon = house.schedule(text("a little late"), &[account], house.clock.now()).await;
    let called_off = house.schedule(text("called off"), &[account], house.clock.now()).await;
    house.command(called_off, campanile_events::post::PostAction::Cancel { account_ids: Vec::new() }).await;
    let _publishing = house.start().await;
    assert_eq!(house.ended(soon).await.targets[0].status(), TargetStatus::Published);
    assert_eq!(house.post(called_off).await.targets[0].status(), TargetStatus::Canceled);
    assert_eq!(house.visible("late").len(), 1);
}

async fn what_a_platform_put_off_is_sent_when_it_said(setting: Setting) {
    let mut timing = quick();
    timing.apply("sweep=3600").expect("good entries");
    let house = House::open(setting, timing).await;
    let _publishing = house.start().await;
    let account = house.connect("put_off", "blind").await;
    house.fault(Fault::next(Some("put_off"), FaultKind::RateLimit { retry_after: 3 }, 1));
    let post = house.schedule(text("not now"), &[account], house.clock.now()).await;
    // No sweep comes to help.
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    assert_eq!(state.targets[0].attempts.len(), 2, "one attempt before the rest and one after it");
    assert_eq!(house.visible("put_off").len(), 1);
}

async fn draining_leaves_nothing_half_done(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let account = house.connect("drain", "blind").await;
    let first = house.start().await;
    let mut posts = Vec::new();
    for number in 0..40 {
        let at = house.clock.now() + Duration::milliseconds(5 * number);
        posts.push(house.schedule(text(&format!("drop {number}")), &[account], at).await);
    }
    first.drain(std::time::Duration::from_secs(30)).await;
    for post in &posts {
        let status = house.post(*post).await.targets[0].status();
        assert!(matches!(status, TargetStatus::Published | TargetStatus::Scheduled), "{status}");
    }
    let _second = house.start().await;
    for post in posts {
        assert_eq!(house.ended(post).await.targets[0].status(), TargetStatus::Published);
    }
    assert_eq!(house.visible("drain").len(), 40);
}
