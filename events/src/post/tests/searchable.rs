//! Asking the platform, and what its answers prove; and where nothing can be asked.

use super::{super::*, fixture::*};
use FailureClass::{Rejected, Transient, Uncertain};

/// In doubt since 2: an absence counts from 122 on.
fn in_doubt() -> Story {
    Story::sending(SEARCHABLE).and(2, fail(1, Uncertain))
}

fn absent(seconds: i64) -> PostAction {
    asked(1, POST, seconds, LookUp::Absent)
}

#[test]
fn an_absence_is_proved_by_two_complete_look_ups_late_enough_and_apart() {
    let story = in_doubt();
    assert_eq!(story.next_at(), Some(3), "it is worth a look at once");
    let early = story.clone().and(121, absent(121));
    assert_eq!(early.next_at(), Some(122), "before the settle time it means nothing");
    let one = early.and(122, absent(122));
    assert_eq!(one.next_at(), Some(182));
    assert_eq!(one.tell(181, absent(181)), "target_looked_up", "less than the gap after the first");
    let still_one = one.clone().and(181, absent(181));
    assert_eq!(still_one.next_at(), Some(182));
    for proved in [one, still_one] {
        assert_eq!(proved.tell(182, absent(182)), "target_looked_up, target_retry_scheduled");
        let retrying = proved.and(182, absent(182));
        assert_eq!((retrying.status(), retrying.target().uncertain), (TargetStatus::Retrying, None));
        assert_eq!(retrying.tell(182, begin(2, SEARCHABLE)), "attempt_started");
    }
}

#[test]
fn a_silent_worker_s_request_may_leave_until_its_intent_s_last_moment() {
    // Intended at 1, not after 31; it fell silent at 10: an absence counts from 151 on.
    let story = Story::sending(SEARCHABLE).and(10, lapse(1));
    assert_eq!(story.clone().and(150, absent(150)).next_at(), Some(151));
    assert_eq!(story.and(151, absent(151)).next_at(), Some(211));
}

#[test]
fn an_answer_counts_from_when_the_platform_was_asked() {
    let story = in_doubt().and(500, absent(121));
    assert_eq!(story.next_at(), Some(122));
    let one = story.and(500, absent(122));
    assert_eq!(one.tell(900, absent(181)), "target_looked_up");
}

#[test]
fn an_absence_proved_when_the_time_for_tries_is_over_fails() {
    let one = in_doubt().and(3500, absent(3500));
    assert_eq!(one.tell(3601, absent(3601)), "target_looked_up, target_failed");
}

#[test]
fn what_is_found_is_published() {
    let story = in_doubt();
    let found = story.when(3, asked(1, POST, 3, present("1"))).expect("found");
    let [_, PostEvent::StepCompleted(step), PostEvent::TargetPublished(published)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((step.evidence, published.evidence), (Evidence::LookedUp, Evidence::LookedUp));
    assert_eq!(story.and(3, asked(1, POST, 3, present("1"))).status(), TargetStatus::Published);
}

#[test]
fn a_platform_that_can_t_be_asked_until_the_end_leaves_the_target_unknown() {
    let story = in_doubt();
    assert_eq!(story.tell(3600, asked(1, POST, 3600, unavailable())), "target_looked_up");
    let later = story.clone().and(100, asked(1, POST, 100, unavailable()));
    assert_eq!(later.next_at(), Some(110));
    let end = asked(1, POST, 3601, unavailable());
    assert_eq!(story.tell(3601, end.clone()), "target_looked_up, target_unknown");
    assert_eq!(story.and(3601, end).status(), TargetStatus::Unknown);
}

#[test]
fn a_failed_question_between_two_absences_takes_nothing_from_them() {
    let story = in_doubt().and(122, absent(122)).and(150, asked(1, POST, 150, unavailable()));
    assert_eq!(story.tell(182, absent(182)), "target_looked_up, target_retry_scheduled");
}

#[test]
fn only_the_doubtful_step_of_the_newest_attempt_is_looked_for() {
    let story = in_doubt();
    for action in [asked(2, POST, 200, LookUp::Absent), asked(1, Step::Comment, 200, LookUp::Absent)] {
        let case = format!("{action:?}");
        assert_eq!(story.when(200, action), Err(PostError::Fenced), "{case}");
    }
    let published = Story::sending(SEARCHABLE).and(2, complete(1, POST, "1"));
    assert_eq!(published.when(200, absent(200)), Err(PostError::Fenced));
    assert_eq!(story.when(4000, leave(1)), Err(PostError::Unsettled), "it can be asked: nobody leaves it");
}

#[test]
fn what_can_be_neither_told_nor_asked_is_left_to_a_person_at_once() {
    for story in [Story::sending(BLIND).and(2, fail(1, Uncertain)), Story::sending(BLIND).and(60, lapse(1))] {
        assert_eq!((story.status(), story.next_at()), (TargetStatus::Unknown, None));
        for seconds in [61, 3600, 9000] {
            for delivery in [BLIND, SEARCHABLE, KEYED] {
                assert_eq!(story.when(seconds, begin(2, delivery)), Err(PostError::Fenced), "at {seconds}");
            }
        }
        assert_eq!(story.when(200, absent(200)), Err(PostError::Fenced));
        assert!(matches!(story.when(200, retry()), Err(PostError::Status { .. })));
        let again = story.and(200, resolve(Resolution::NotPublished { then: Then::Resend }));
        assert_eq!(again.tell(200, begin(2, BLIND)), "attempt_started", "a person said so");
    }
    for (class, status) in [(Transient, TargetStatus::Retrying), (Rejected, TargetStatus::Failed)] {
        assert_eq!(Story::sending(BLIND).and(2, fail(1, class)).status(), status, "{class} leaves no doubt");
    }
}
