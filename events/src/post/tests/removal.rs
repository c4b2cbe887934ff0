//! A deleted post goes from its platforms where that was asked for, and only there.

use super::{super::*, fixture::*};
use FailureClass::{AuthExpired, Rejected, Transient, Uncertain};

fn removed(ids: &[&str]) -> PostAction {
    PostAction::CompleteRemoval { account_id: own(), removed: ids.iter().copied().map(str::to_owned).collect() }
}

fn refused(class: FailureClass) -> PostAction {
    PostAction::FailRemoval { account_id: own(), removed: Vec::new(), failure: Failure::of(class, "seen") }
}

fn stage(story: &Story) -> RemovalStage {
    story.target().removal.expect("a removal").stage
}

fn published() -> Story {
    Story::sending(SEARCHABLE).and(2, complete(1, POST, "11"))
}

/// A thread of two parts whose second is on its way.
fn half_a_thread(delivery: Delivery) -> Story {
    Story::scheduled(text(2))
        .and(0, begin(1, delivery))
        .and(1, intend(1, POST, 1))
        .and(2, complete(1, POST, "11"))
        .and(3, intend(1, Step::Part(1), 3))
}

#[test]
fn nothing_is_removed_where_nobody_asked() {
    let deleted = published().and(10, delete());
    assert_eq!(deleted.tell(11, removed(&["11"])), "refused: the attempt is not the target's newest");
    assert_eq!(deleted.target().removal_at(), None);
    assert_eq!(published().tell(10, delete()), "deleted");
    assert_eq!(published().tell(11, removed(&["11"])), "refused: the attempt is not the target's newest");
}

#[test]
fn a_draft_has_nothing_to_remove() {
    assert_eq!(Story::drafted(text(1)).tell(-300, delete_everywhere()), "canceled, deleted");
    assert_eq!(Story::scheduled(text(1)).tell(-300, delete_everywhere()), "canceled, deleted");
    let deleted = Story::drafted(text(1)).and(-300, delete());
    assert_eq!(deleted.tell(-200, delete_everywhere()), "refused: the post was deleted");
}

#[test]
fn what_follows_goes_before_what_it_follows() {
    let story = Story::scheduled(content(2, true, "one"))
        .and(0, begin(1, SEARCHABLE))
        .and(1, intend(1, POST, 1))
        .and(2, complete(1, POST, "11"))
        .and(3, intend(1, Step::Part(1), 3))
        .and(4, complete(1, Step::Part(1), "12"))
        .and(5, intend(1, Step::Comment, 5))
        .and(6, complete(1, Step::Comment, "13"))
        .and(7, complete(1, POST, "19"));
    assert_eq!(story.tell(10, delete_everywhere()), "deleted, removal_requested");
    let story = story.and(10, delete_everywhere());
    assert_eq!(story.target().standing(), ["13", "12", "19", "11"], "a second post goes, too");
    assert_eq!(story.tell(11, removed(&["13", "12", "11"])), "refused: the attempt is not the target's newest");
    let story = story.and(11, removed(&["13", "12", "19", "11"]));
    assert_eq!((stage(&story), story.target().standing()), (RemovalStage::Removed, vec![]));
    assert_eq!(story.tell(12, delete_everywhere()), "refused: the post was deleted");
    assert_eq!(story.tell(12, delete()), "refused: the post was deleted");
}

#[test]
fn tries_go_on_for_a_day_with_growing_pauses() {
    let story = published().and(10, delete_everywhere());
    let once = story.clone().and(10, refused(Transient));
    assert_eq!(once.target().removal_at(), Some(at(11)));
    assert_eq!(once.tell(10, removed(&["11"])), "refused: the target is not due yet");
    let twice = once.and(11, refused(AuthExpired));
    assert_eq!(twice.target().removal_at(), Some(at(13)));
    assert_eq!(stage(&twice.clone().and(86_000, refused(Uncertain))), RemovalStage::Open { next_at: at(86_004) });
    assert_eq!(stage(&twice.and(86_409, refused(Uncertain))), RemovalStage::Failed);
    let limited = Failure { retry_after: Some(at(2000)), ..Failure::of(FailureClass::RateLimited, "seen") };
    let action = PostAction::FailRemoval { account_id: own(), removed: Vec::new(), failure: limited };
    assert_eq!(story.and(10, action).target().removal_at(), Some(at(2000)));
}

#[test]
fn what_a_try_removed_is_not_asked_for_again() {
    let story = half_a_thread(SEARCHABLE).and(4, complete(1, Step::Part(1), "12")).and(10, delete_everywhere());
    let failure = Failure::of(Transient, "seen");
    let half = PostAction::FailRemoval { account_id: own(), removed: vec!["12".to_owned()], failure };
    let story = story.and(10, half);
    assert_eq!(story.target().standing(), ["11"]);
    assert_eq!(stage(&story.and(11, removed(&["11"]))), RemovalStage::Removed);
}

#[test]
fn a_refusal_for_good_ends_it_until_somebody_asks_again() {
    let story = published().and(10, delete_everywhere());
    assert_eq!(story.tell(11, delete_everywhere()), "refused: the post was deleted", "it is under way");
    let story = story.and(11, refused(Rejected));
    assert_eq!((stage(&story), story.target().removal_at()), (RemovalStage::Failed, None));
    assert_eq!(story.tell(12, delete()), "refused: the post was deleted");
    assert_eq!(story.tell(500, delete_everywhere()), "removal_requested");
    let story = story.and(500, delete_everywhere());
    assert_eq!(story.target().removal_at(), Some(at(500)));
    let waits = story.and(500, refused(AuthExpired)).and(501, refused(AuthExpired));
    assert_eq!(waits.target().removal_at(), Some(at(503)));
    assert_eq!(
        waits.and(502, delete_everywhere()).target().removal_at(),
        Some(at(502)),
        "asked again, it is tried now"
    );
}

#[test]
fn a_post_that_was_deleted_here_alone_may_go_later() {
    let story = published().and(10, delete());
    assert_eq!(story.tell(20, delete_everywhere()), "removal_requested");
    assert_eq!(stage(&story.and(20, delete_everywhere()).and(21, removed(&["11"]))), RemovalStage::Removed);
}

#[test]
fn a_running_attempt_is_heard_out_and_then_removed() {
    let story = half_a_thread(SEARCHABLE);
    assert!(story.tell(4, delete()).starts_with("refused"), "here alone, it would be left half sent");
    let story = story.and(4, delete_everywhere());
    assert_eq!(story.target().removal_at(), None, "its attempt is running");
    assert_eq!(story.tell(5, removed(&["11"])), "refused: the attempt is not the target's newest");
    assert_eq!(story.tell(5, fail(1, Rejected)), "target_failed");
    assert_eq!(story.tell(5, fail(1, Transient)), "target_failed", "there is no second try");
    let sent = story.and(5, complete(1, Step::Part(1), "12"));
    assert_eq!(sent.status(), TargetStatus::Published);
    assert_eq!((sent.target().standing(), sent.target().removal_at()), (vec!["12", "11"], Some(at(4))));
}

#[test]
fn a_thread_is_not_gone_on_with() {
    let story = Story::scheduled(text(3)).and(0, begin(1, SEARCHABLE)).and(1, intend(1, POST, 1));
    let story = story.and(2, delete_everywhere());
    assert_eq!(story.tell(3, complete(1, POST, "11")), "step_completed, target_failed");
    let story = story.and(3, complete(1, POST, "11"));
    assert_eq!(story.when(4, intend(1, Step::Part(1), 4)), Err(PostError::Fenced));
    assert_eq!(story.target().standing(), ["11"]);
    let commented = Story::scheduled(commented()).and(0, begin(1, SEARCHABLE)).and(1, intend(1, POST, 1));
    let commented = commented.and(2, delete_everywhere());
    assert_eq!(commented.tell(3, complete(1, POST, "11")), "step_completed, target_published");
}

#[test]
fn a_try_that_waits_is_over() {
    let story = half_a_thread(SEARCHABLE).and(4, fail(1, Transient));
    assert_eq!(story.status(), TargetStatus::Retrying);
    assert_eq!(story.tell(5, delete_everywhere()), "target_failed, deleted, removal_requested");
    let story = story.and(5, delete_everywhere());
    assert_eq!((story.next_at(), story.target().removal_at()), (None, Some(at(5))));
    assert_eq!(story.when(60, begin(2, SEARCHABLE)), Err(PostError::Fenced));
}

#[test]
fn what_is_in_doubt_is_asked_for_and_never_repeated() {
    for delivery in [SEARCHABLE, KEYED] {
        let story = Story::sending(delivery).and(2, fail(1, Uncertain)).and(3, delete_everywhere());
        assert_eq!(story.status(), TargetStatus::Publishing);
        assert!(story.when(500, begin(2, delivery)).is_err(), "a repeat could make it live");
        let found = story.clone().and(500, asked(1, POST, 500, present("11")));
        assert_eq!((found.status(), found.target().standing()), (TargetStatus::Published, vec!["11"]));
        let absent = story.and(500, asked(1, POST, 500, LookUp::Absent));
        let absent = absent.and(600, asked(1, POST, 600, LookUp::Absent));
        assert_eq!(absent.status(), TargetStatus::Failed);
        assert_eq!(stage(&absent.and(601, removed(&[]))), RemovalStage::Removed);
    }
}

#[test]
fn what_nobody_can_settle_is_said_to_be_in_doubt() {
    let unknown = Story::sending(BLIND).and(2, fail(1, Uncertain));
    let keyed = Story::sending(KEYS_ALONE).and(2, fail(1, Uncertain)).and(3, delete_everywhere());
    assert_eq!(keyed.tell(500, leave(1)), "target_unknown");
    for story in [unknown.and(3, delete_everywhere()), keyed.and(500, leave(1))] {
        let events = story.when(501, removed(&[])).expect("it is due");
        let [PostEvent::TargetRemovalFailed(failed)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((failed.failure.code.as_deref(), failed.retry_at), (Some("in_doubt"), None));
        let story = story.and(501, removed(&[]));
        // The answer comes after all: now there is something to remove.
        let story = story.and(502, complete(1, POST, "11"));
        assert_eq!((story.target().standing(), story.target().removal_at()), (vec!["11"], Some(at(502))));
        assert_eq!(stage(&story.and(503, removed(&["11"]))), RemovalStage::Removed);
    }
}

#[test]
fn what_a_person_found_has_no_name_to_remove_it_by() {
    let story = Story::sending(BLIND).and(2, fail(1, Uncertain));
    let story = story.and(3, resolve(Resolution::Published { url: None })).and(4, delete_everywhere());
    let events = story.when(5, removed(&[])).expect("it is due");
    let [PostEvent::TargetRemovalFailed(failed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(failed.failure.code.as_deref(), Some("not_named"));
}
