//! Results that come after an attempt was given up are kept, and settle what they can.

use super::{super::*, fixture::*};
use FailureClass::{NotSent, Rejected, Transient, Uncertain};

#[test]
fn a_late_success_publishes_wherever_the_target_stands() {
    let unknown = Story::sending(BLIND).and(60, lapse(1));
    let settling = Story::sending(SEARCHABLE).and(60, lapse(1));
    let proved =
        settling.clone().and(151, asked(1, POST, 151, LookUp::Absent)).and(211, asked(1, POST, 211, LookUp::Absent));
    let given_up = unknown.clone().and(300, resolve(Resolution::NotPublished { then: Then::GiveUp }));
    for (story, status) in [
        (unknown, TargetStatus::Unknown),
        (settling, TargetStatus::Publishing),
        (proved, TargetStatus::Retrying),
        (given_up, TargetStatus::Failed),
    ] {
        assert_eq!(story.status(), status);
        assert_eq!(story.tell(400, complete(1, POST, "1")), "step_completed, target_published", "{status}");
        assert_eq!(story.and(400, complete(1, POST, "1")).status(), TargetStatus::Published, "{status}");
    }
}

#[test]
fn a_second_success_under_another_name_is_a_duplicate() {
    let story = Story::sending(BLIND)
        .and(60, lapse(1))
        .and(100, resolve(Resolution::NotPublished { then: Then::Resend }))
        .and(100, begin(2, BLIND))
        .and(101, intend(2, POST, 101))
        .and(102, complete(2, POST, "2"));
    let duplicate = DuplicateObserved {
        account_id: own(),
        number: 1,
        step: POST,
        remote_id: "1".to_owned(),
        url: None,
        at: at(400),
    };
    assert_eq!(story.when(400, complete(1, POST, "1")), Ok(vec![PostEvent::DuplicateObserved(duplicate)]));
    assert_eq!(story.tell(400, complete(1, POST, "2")), "nothing");
    let target = story.and(400, complete(1, POST, "1")).target();
    assert_eq!((target.status(), target.duplicates), (TargetStatus::Published, 1));
    assert_eq!(target.done[&POST].remote_id.as_deref(), Some("2"), "the first name stands");
}

#[test]
fn a_late_success_stops_the_attempt_that_runs() {
    let story = Story::sending(KEYED).and(10, lapse(1)).and(91, begin(2, KEYED));
    let published = story.clone().and(92, complete(1, POST, "1"));
    assert_eq!(published.when(93, intend(2, POST, 93)), Err(PostError::Fenced));
    let both = story.and(91, intend(2, POST, 91)).and(92, complete(1, POST, "1"));
    assert_eq!(both.tell(93, complete(2, POST, "1")), "nothing");
    assert_eq!(both.tell(93, complete(2, POST, "2")), "duplicate_observed");
    assert_eq!(both.tell(93, fail(2, Uncertain)), "late_result_observed");
}

#[test]
fn a_late_success_of_one_part_lets_the_running_attempt_go_on_to_the_next() {
    let story = Story::scheduled(text(2))
        .and(0, begin(1, KEYED))
        .and(1, intend(1, POST, 1))
        .and(10, lapse(1))
        .and(91, begin(2, KEYED))
        .and(91, intend(2, POST, 91))
        .and(92, complete(1, POST, "1"));
    assert_eq!(story.tell(93, complete(2, POST, "1")), "nothing");
    assert_eq!(story.tell(93, intend(2, Step::Part(1), 93)), "send_intended");
    assert_eq!(story.tell(93, fail(2, Uncertain)), "target_retry_scheduled", "nothing of it is in doubt");
    assert_eq!(story.tell(160, lapse(2)), "target_retry_scheduled");
}

#[test]
fn a_late_refusal_of_the_only_doubtful_attempt_settles_it() {
    for (delivery, class, told) in [
        (SEARCHABLE, Transient, "late_result_observed, target_retry_scheduled"),
        (SEARCHABLE, NotSent, "late_result_observed, target_retry_scheduled"),
        (SEARCHABLE, Rejected, "late_result_observed, target_failed"),
        (KEYED, Transient, "late_result_observed, target_retry_scheduled"),
        (BLIND, Transient, "late_result_observed, target_retry_scheduled"),
        (BLIND, Rejected, "late_result_observed, target_failed"),
        (SEARCHABLE, Uncertain, "late_result_observed"),
        (BLIND, Uncertain, "late_result_observed"),
    ] {
        let story = Story::sending(delivery).and(60, lapse(1));
        let case = format!("{}, {class}", delivery.class());
        assert_eq!(story.tell(70, fail(1, class)), told, "{case}");
        let after = story.and(70, fail(1, class)).target();
        assert_eq!(after.uncertain.is_none() && after.phase != Phase::Unknown, class != Uncertain, "{case}");
    }
}

#[test]
fn an_attempt_that_was_refused_in_time_leaves_no_doubt_about_a_later_one() {
    let story = Story::sending(SEARCHABLE)
        .and(2, fail(1, Transient))
        .and(10, begin(2, SEARCHABLE))
        .and(10, intend(2, POST, 10))
        .and(70, lapse(2));
    assert_eq!(story.tell(80, fail(2, Transient)), "late_result_observed, target_retry_scheduled");
}

#[test]
fn a_repeat_that_was_refused_leaves_it_to_the_first_to_settle() {
    let repeat = Story::sending(KEYED).and(10, lapse(1)).and(91, begin(2, KEYED)).and(91, intend(2, POST, 91));
    let story = repeat.clone().and(92, fail(2, Transient));
    assert_eq!(story.tell(93, fail(2, Transient)), "late_result_observed");
    assert_eq!(story.tell(93, fail(1, Transient)), "late_result_observed, target_retry_scheduled");
    assert_eq!(repeat.tell(93, fail(1, Transient)), "late_result_observed", "a repeat is on its way");
}

#[test]
fn a_late_refusal_settles_nothing_while_another_send_is_in_doubt() {
    let story = Story::sending(KEYED)
        .and(2, fail(1, Uncertain))
        .and(63, begin(2, KEYED))
        .and(63, intend(2, POST, 63))
        .and(130, lapse(2));
    assert_eq!(story.tell(140, fail(2, Transient)), "late_result_observed");
    assert_eq!(story.tell(140, fail(1, Transient)), "late_result_observed");
}

#[test]
fn a_late_refusal_minds_the_limits_and_the_platform_s_wish_for_rest() {
    let story = Story::sending(SEARCHABLE).and(60, lapse(1));
    let failure = Failure { retry_after: Some(at(900)), ..Failure::of(FailureClass::RateLimited, "429") };
    let rest = PostAction::FailAttempt { account_id: own(), number: 1, step: None, failure };
    assert_eq!(story.clone().and(70, rest).next_at(), Some(900));
    let over = story.when(3601, fail(1, Transient)).expect("a late refusal");
    assert!(matches!(&over[..], [_, PostEvent::TargetFailed(failed)] if failed.gave_up), "{over:?}");
    let refused = story.when(70, fail(1, Rejected)).expect("a late refusal");
    assert!(matches!(&refused[..], [_, PostEvent::TargetFailed(failed)] if !failed.gave_up), "{refused:?}");
}

#[test]
fn nothing_of_a_deleted_post_is_tried_again() {
    let thread = Story::scheduled(text(2)).and(0, begin(1, BLIND)).and(1, intend(1, POST, 1)).and(60, lapse(1));
    let deleted = thread.and(70, delete());
    assert_eq!(deleted.tell(80, complete(1, POST, "1")), "step_completed");
    assert_eq!(deleted.clone().and(80, complete(1, POST, "1")).next_at(), None);
    assert_eq!(deleted.tell(80, fail(1, Transient)), "late_result_observed, target_failed");
}

#[test]
fn a_failure_at_a_step_that_another_attempt_s_answer_settled_ends_nothing() {
    let story = Story::scheduled(text(2)).and(0, begin(1, KEYED)).and(1, intend(1, POST, 1)).and(2, lapse(1));
    let again = story.and(200, begin(2, KEYED)).and(201, intend(2, POST, 201));
    // The first attempt's answer comes late; the second goes on with the next part and then hears of the first.
    let on = again.and(202, complete(1, POST, "1")).and(203, intend(2, Step::Part(1), 203));
    let failure = Failure::of(FailureClass::NotSent, "reset");
    let stale = PostAction::FailAttempt { account_id: own(), number: 2, step: Some(POST), failure };
    assert_eq!(on.tell(204, stale.clone()), "late_result_observed");
    assert_eq!(on.and(204, stale).status(), TargetStatus::Publishing);
}

#[test]
fn a_repeat_that_fails_once_the_first_one_s_answer_came_leaves_the_rest_to_the_next_attempt() {
    let failure = |class| Failure::of(class, "reset");
    let failed =
        |class| PostAction::FailAttempt { account_id: own(), number: 2, step: Some(POST), failure: failure(class) };
    for class in [Transient, Uncertain, Rejected, NotSent] {
        let story = Story::scheduled(text(2))
            .and(0, begin(1, KEYED))
            .and(1, intend(1, POST, 1))
            .and(10, lapse(1))
            .and(91, begin(2, KEYED))
            .and(91, intend(2, POST, 91))
            .and(92, complete(1, POST, "1"));
        assert_eq!(story.tell(93, failed(class)), "late_result_observed, target_retry_scheduled", "{class}");
        assert_eq!(story.tell(4_000, failed(class)), "late_result_observed, target_failed", "{class}, too late");
        let next = story.and(93, failed(class)).and(153, begin(3, KEYED));
        assert_eq!(next.tell(153, intend(3, Step::Part(1), 153)), "send_intended", "{class}");
    }
}
