//! A deleted post goes from its platforms where that was asked for, whatever goes wrong on the way.

use std::time::Duration;

use campanile_events::{
    account::AccountStatus,
    ids::{OrganizationId, PostId},
    post::{Attempt, Content, FailureClass, Post, PostAction, RemovalStage, Target, TargetStatus},
    seal::{Open, Sealed},
    workspace::WorkspaceAction,
};
use campanile_workers::platforms::sandbox::{Fault, FaultKind, Point};

use crate::house::{House, Setting, quick, text};

in_every_setting!(
    every_part_goes_the_last_one_first,
    what_fails_is_tried_again_and_what_is_refused_is_not,
    an_account_that_is_gone_can_not_be_asked,
    what_is_being_sent_is_heard_out_stopped_and_removed,
    what_is_in_doubt_is_settled_first_and_never_sent_again,
    a_pause_does_not_hold_it_back_and_a_start_goes_on_with_it,
);

const PARTS: usize = 3;

fn thread() -> Content<Open> {
    let part = |part: usize| Open::new(format!("part {part}"));
    let thread = (1..PARTS).map(part).collect();
    Content { body: part(0), thread, first_comment: Some(Open::new("comment")), ..Content::default() }
}

async fn delete(house: &House, post: PostId) {
    house.command(post, PostAction::Delete { if_revision: None, on_platforms: true }).await;
}

fn is_over(target: &Target) -> bool {
    target.removal.as_ref().is_some_and(|removal| !matches!(removal.stage, RemovalStage::Open { .. }))
}

fn was_uncertain(attempt: &Attempt) -> bool {
    let failure = attempt.end.as_ref().and_then(|end| end.failure.as_ref());
    failure.is_some_and(|failure| failure.class == FailureClass::Uncertain)
}

fn stages(post: &Post) -> Vec<RemovalStage> {
    post.targets.iter().map(|target| target.removal.as_ref().expect("a removal").stage).collect()
}

/// What stands on an account, oldest first.
fn standing(house: &House, handle: &str) -> Vec<String> {
    let journal = house.sandbox.journal();
    let gone = |id: &str| journal.removed.iter().any(|it| it.remote_id == id);
    let own = journal.visible.iter().filter(|it| it.account == handle && !gone(&it.remote_id));
    own.map(|it| it.text.clone()).collect()
}

async fn every_part_goes_the_last_one_first(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let mut accounts = Vec::new();
    for class in ["keyed", "searchable", "blind"] {
        accounts.push(house.connect(class, class).await);
    }
    let kept = house.schedule(text("kept"), &accounts, house.clock.now()).await;
    let post = house.schedule(thread(), &accounts, house.clock.now()).await;
    house.ended(kept).await;
    house.ended(post).await;
    house.command(kept, PostAction::Delete { if_revision: None, on_platforms: false }).await;
    delete(&house, post).await;
    let state = house.reaches(post, is_over).await;
    assert_eq!(stages(&state), [RemovalStage::Removed; 3]);
    let journal = house.sandbox.journal();
    for class in ["keyed", "searchable", "blind"] {
        assert_eq!(standing(&house, class), ["kept"], "what was deleted here alone stays");
        let removed: Vec<_> = journal.removed.iter().filter(|it| it.account == class).map(|it| &it.remote_id).collect();
        let name = |id: &String| &journal.visible.iter().find(|it| it.remote_id == *id).expect("it was there").text;
        let removed: Vec<_> = removed.into_iter().map(name).collect();
        assert_eq!(removed, ["comment", "part 2", "part 1", "part 0"]);
    }
}

async fn what_fails_is_tried_again_and_what_is_refused_is_not(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let cases = [
        ("unavailable", FaultKind::ErrorBefore { status: 503 }, 3, RemovalStage::Removed),
        ("limited", FaultKind::RateLimit { retry_after: 1 }, 1, RemovalStage::Removed),
        ("expired", FaultKind::TokenExpired, 1, RemovalStage::Removed),
        ("lost", FaultKind::LoseAnswer, 1, RemovalStage::Removed),
        ("reset", FaultKind::Reset, 2, RemovalStage::Removed),
        ("nonsense", FaultKind::Nonsense, 1, RemovalStage::Removed),
        ("refused", FaultKind::Refuse, 1, RemovalStage::Failed),
    ];
    let mut running = Vec::new();
    for (handle, kind, times, expected) in cases {
        let account = house.connect(handle, "searchable").await;
        let post = house.schedule(text(handle), &[account], house.clock.now()).await;
        house.ended(post).await;
        house.fault(Fault::next(Some(handle), kind, times).on(Point::Delete));
        delete(&house, post).await;
        running.push((handle, account, post, expected));
    }
    for (handle, account, post, expected) in running {
        let state = house.reaches(post, is_over).await;
        assert_eq!(stages(&state), [expected], "{handle}");
        let stands = standing(&house, handle);
        assert_eq!(stands.is_empty(), expected == RemovalStage::Removed, "{handle}: {stands:?}");
        house.account_becomes(account, AccountStatus::Connected).await;
        if expected == RemovalStage::Failed {
            let failure = state.targets[0].removal.as_ref().and_then(|it| it.failure.as_ref()).expect("a failure");
            assert_eq!((failure.class, failure.status), (FailureClass::Rejected, Some(422)));
            delete(&house, post).await;
            assert_eq!(stages(house.reaches(post, is_over).await.as_ref()), [RemovalStage::Removed], "asked for again");
        }
    }
}

async fn an_account_that_is_gone_can_not_be_asked(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let account = house.connect("gone", "keyed").await;
    let post = house.schedule(text("stays"), &[account], house.clock.now()).await;
    house.ended(post).await;
    house.disconnect(account).await;
    delete(&house, post).await;
    let state = house.reaches(post, is_over).await;
    let failure = state.targets[0].removal.as_ref().and_then(|it| it.failure.clone()).expect("a failure");
    assert_eq!(failure.code.as_deref(), Some("account_disconnected"));
    assert_eq!(standing(&house, "gone"), ["stays"]);
}

async fn what_is_being_sent_is_heard_out_stopped_and_removed(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    for class in ["keyed", "searchable", "blind"] {
        let account = house.connect(class, class).await;
        house.fault(Fault::next(Some(class), FaultKind::AnswerLate { seconds: 0.3 }, 4));
        let mut changes = house.sandbox.changes();
        let post = house.schedule(thread(), &[account], house.clock.now()).await;
        changes.changed().await.expect("the sandbox stands");
        delete(&house, post).await;
        let state = house.reaches(post, is_over).await;
        assert_eq!((stages(&state), state.targets[0].status()), (vec![RemovalStage::Removed], TargetStatus::Failed));
        assert_eq!(standing(&house, class), Vec::<String>::new());
        assert_eq!(house.visible(class).len(), 1, "nothing was sent once it was deleted");
    }
}

async fn what_is_in_doubt_is_settled_first_and_never_sent_again(setting: Setting) {
    let mut timing = quick();
    // A repeat would otherwise come before the deletion on a machine that has much to do.
    timing.apply("quiet=3").expect("a good entry");
    let house = House::open(setting, timing).await;
    let _publishing = house.start().await;
    let cases = [
        ("a", "keyed", FaultKind::LoseAnswer, RemovalStage::Removed, 1),
        ("b", "searchable", FaultKind::LoseAnswer, RemovalStage::Removed, 1),
        ("c", "keyed", FaultKind::Reset, RemovalStage::Removed, 0),
        ("d", "searchable", FaultKind::Reset, RemovalStage::Removed, 0),
        ("e", "blind", FaultKind::LoseAnswer, RemovalStage::Failed, 1),
    ];
    let mut running = Vec::new();
    for (handle, class, kind, stage, visible) in cases {
        let account = house.connect(handle, class).await;
        house.fault(Fault::next(Some(handle), kind, 1));
        let post = house.schedule(text(handle), &[account], house.clock.now()).await;
        // What was found by now is deleted like the rest.
        house.reaches(post, |target| target.attempts.iter().any(was_uncertain)).await;
        delete(&house, post).await;
        running.push((handle, post, stage, visible));
    }
    for (handle, post, stage, visible) in running {
        let state = house.reaches(post, is_over).await;
        assert_eq!(stages(&state), [stage], "{handle}: {:?}", state.targets);
        assert_eq!(house.visible(handle).len(), visible, "{handle}");
        assert_eq!(standing(&house, handle).is_empty(), stage == RemovalStage::Removed, "{handle}");
        let requests = house.sandbox.journal().requests.into_iter().filter(|it| it.account == handle).count();
        assert_eq!(requests, 1, "{handle}: a repeat could make live what is to go");
    }
}

async fn a_pause_does_not_hold_it_back_and_a_start_goes_on_with_it(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let name = Sealed::from_stored("s1.bmFtZQ");
    house.workspace(WorkspaceAction::Create { organization_id: OrganizationId::default(), name }).await;
    let publishing = house.start().await;
    let account = house.connect("demo", "keyed").await;
    let post = house.schedule(text("to go"), &[account], house.clock.now()).await;
    house.ended(post).await;
    house.pause(&publishing).await;
    publishing.drain(Duration::from_secs(10)).await;
    delete(&house, post).await;
    assert_eq!(standing(&house, "demo"), ["to go"]);
    let _publishing = house.start().await;
    house.reaches(post, is_over).await;
    assert_eq!(standing(&house, "demo"), Vec::<String>::new());
}
