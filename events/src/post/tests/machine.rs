//! What workers may do: begin, intend, and only then send.

use super::{super::*, fixture::*};
use FailureClass::{AuthExpired, Lapsed, NotSent, OutdatedAdapter, RateLimited, Rejected, Transient, Uncertain};

#[test]
fn nothing_begins_early_and_what_is_too_late_is_missed() {
    let story = Story::scheduled(text(1));
    for (seconds, told) in [
        (-1, "refused: the target is not due yet"),
        (0, "attempt_started"),
        (3600, "attempt_started"),
        (3601, "target_missed"),
    ] {
        assert_eq!(story.tell(seconds, begin(1, SEARCHABLE)), told, "at {seconds}");
    }
    let missed = TargetMissed { account_id: own(), due: at(0), at: at(3601) };
    assert_eq!(story.when(3601, begin(1, SEARCHABLE)), Ok(vec![PostEvent::TargetMissed(missed)]));
    assert_eq!(Story::drafted(text(1)).when(0, begin_as(1, SEARCHABLE, 1, None)), Err(PostError::Fenced));
}

#[test]
fn the_attempt_s_number_is_a_fence() {
    let story = Story::scheduled(text(1));
    for number in [0, 2, 7] {
        assert_eq!(story.when(0, begin(number, SEARCHABLE)), Err(PostError::Fenced), "number {number}");
    }
    let begun = story.and(0, begin(1, SEARCHABLE));
    for number in [1, 2] {
        assert_eq!(begun.when(0, begin(number, SEARCHABLE)), Err(PostError::Fenced), "a second worker, {number}");
    }
    let again = Story::sending(SEARCHABLE).and(2, fail(1, Transient));
    assert_eq!(again.when(100, begin(1, SEARCHABLE)), Err(PostError::Fenced));
    assert_eq!(again.tell(100, begin(2, SEARCHABLE)), "attempt_started");
}

#[test]
fn a_worker_that_read_another_revision_may_not_begin() {
    let story = Story::scheduled(text(1));
    let mismatch = |expected| Err(PostError::RevisionMismatch { expected, actual: 2 });
    assert_eq!(story.when(0, begin_as(1, SEARCHABLE, 1, None)), mismatch(1));
    assert_eq!(story.when(0, begin_as(1, SEARCHABLE, 3, None)), mismatch(3));
}

#[test]
fn only_the_newest_running_attempt_s_worker_may_intend() {
    let begun = Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE));
    let of_another =
        PostAction::IntendSend { account_id: own(), number: 1, worker: worker(9), intent: intent(POST, 1) };
    assert_eq!(begun.when(1, of_another), Err(PostError::Fenced));
    assert_eq!(begun.when(1, intend(2, POST, 1)), Err(PostError::Fenced));
    assert_eq!(begun.tell(1, intend(1, POST, 1)), "send_intended");
    let lapsed = begun.and(60, lapse(1));
    assert_eq!(lapsed.when(61, intend(1, POST, 61)), Err(PostError::Fenced));
    assert_eq!(lapsed.and(61, begin(2, SEARCHABLE)).when(62, intend(1, POST, 62)), Err(PostError::Fenced));
}

#[test]
fn an_intent_fits_the_target_or_is_refused() {
    let begun = || Story::scheduled(text(2)).and(0, begin(1, SEARCHABLE));
    let unfit = |why| Err(PostError::UnfitIntent(why));
    assert_eq!(begun().when(1, intend(1, Step::Part(1), 1)), unfit("it is not the next step"));
    assert_eq!(begun().when(1, intend(1, Step::Comment, 1)), unfit("it is not the next step"));
    let sending = begun().and(1, intend(1, POST, 1));
    assert_eq!(sending.when(2, intend(1, POST, 2)), unfit("the one before has no answer yet"));
    let half = sending.and(2, complete(1, POST, "1"));
    assert_eq!(half.when(3, intend(1, POST, 3)), unfit("it is not the next step"));
    assert_eq!(half.tell(3, intend(1, Step::Part(1), 3)), "send_intended");
    assert_eq!(begun().when(31, intend(1, POST, 1)), unfit("its time is over"));
    assert_eq!(begun().tell(30, intend(1, POST, 1)), "send_intended");
    let edited = PostEdited {
        revision: 3,
        content: None,
        digests: text(2).digests,
        targets: None,
        tags: None,
        limits: None,
        at: at(1),
    };
    let changed = begun().with([PostEvent::Edited(edited)]);
    assert_eq!(changed.when(2, intend(1, POST, 2)), unfit("the content changed"));
}

#[test]
fn a_text_may_begin_and_intend_at_once() {
    let story = Story::scheduled(text(1));
    let both = |intent| begin_as(1, BLIND, 2, Some(intent));
    assert_eq!(story.tell(0, both(intent(POST, 0))), "attempt_started, send_intended");
    assert_eq!(story.when(-1, both(intent(POST, 0))), Err(PostError::TooEarly));
    assert_eq!(story.when(0, both(intent(Step::Comment, 0))), Err(PostError::UnfitIntent("it is not the next step")));
    assert_eq!(story.tell(3601, both(intent(POST, 3601))), "target_missed");
}

#[test]
fn nothing_completes_that_was_not_intended() {
    let begun = Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE));
    assert_eq!(begun.when(1, complete(1, POST, "1")), Err(PostError::UnfitIntent("the step was not intended")));
    assert_eq!(begun.when(1, complete(2, POST, "1")), Err(PostError::Fenced));
    let sending = begun.and(1, intend(1, POST, 1));
    assert_eq!(sending.tell(2, complete(1, POST, "1")), "step_completed, target_published");
    let published = sending.and(2, complete(1, POST, "1"));
    assert_eq!(published.tell(3, complete(1, POST, "1")), "nothing", "the same result once more");
}

#[test]
fn what_follows_a_failure_depends_on_its_class_and_on_whether_anything_left() {
    for (class, before_the_intent, after_it) in [
        (NotSent, "target_retry_scheduled", "target_retry_scheduled"),
        (Transient, "target_retry_scheduled", "target_retry_scheduled"),
        (RateLimited, "target_retry_scheduled", "target_retry_scheduled"),
        (AuthExpired, "target_retry_scheduled", "target_retry_scheduled"),
        (Rejected, "target_failed", "target_failed"),
        (OutdatedAdapter, "target_failed", "target_failed"),
        (Uncertain, "target_retry_scheduled", "target_uncertain"),
        (Lapsed, "target_retry_scheduled", "target_uncertain"),
    ] {
        let begun = Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE));
        assert_eq!(begun.tell(2, fail(1, class)), before_the_intent, "{class} before the intent");
        assert_eq!(begun.and(1, intend(1, POST, 1)).tell(2, fail(1, class)), after_it, "{class} after the intent");
    }
}

#[test]
fn pauses_double_and_a_platform_s_wish_for_rest_is_obeyed() {
    let mut story = Story::scheduled(text(1));
    let mut begins = 0;
    for (number, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        story = story.and(begins, begin(number, SEARCHABLE)).and(begins, fail(number, Transient));
        begins += pause;
        assert_eq!(story.next_at(), Some(begins), "after failure {number}");
        assert_eq!(story.when(begins - 1, begin(number + 1, SEARCHABLE)), Err(PostError::TooEarly));
    }
    let rest = |until| {
        let failure = Failure { retry_after: Some(at(until)), ..Failure::of(RateLimited, "429") };
        PostAction::FailAttempt { account_id: own(), number: 1, step: None, failure }
    };
    let begun = Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE));
    assert_eq!(begun.clone().and(1, rest(600)).next_at(), Some(600));
    assert_eq!(begun.and(1, rest(0)).next_at(), Some(2), "no sooner than the pause");
}

#[test]
fn tries_go_on_until_the_time_for_them_is_over() {
    let retrying = |seconds| Story::scheduled(text(1)).and(seconds, begin(1, SEARCHABLE));
    assert_eq!(retrying(3598).tell(3599, fail(1, Transient)), "target_retry_scheduled");
    let late = retrying(3600).and(3600, fail(1, Transient));
    assert_eq!(late.status(), TargetStatus::Failed);
    let waiting = retrying(100).and(100, fail(1, Transient));
    assert_eq!(waiting.tell(3600, begin(2, SEARCHABLE)), "attempt_started");
    let failed = TargetFailed {
        account_id: own(),
        number: 1,
        failure: Failure::of(Transient, "seen"),
        gave_up: true,
        at: at(3601),
    };
    assert_eq!(waiting.when(3601, begin(2, SEARCHABLE)), Ok(vec![PostEvent::TargetFailed(failed)]));
}

#[test]
fn a_lapse_without_an_intent_is_tried_again_at_once_and_with_one_is_settled_first() {
    let begun = Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE));
    let retrying = begun.clone().and(60, lapse(1));
    assert_eq!((retrying.status(), retrying.next_at()), (TargetStatus::Retrying, Some(60)));
    assert_eq!(retrying.tell(60, begin(2, SEARCHABLE)), "attempt_started");
    let settling = begun.and(1, intend(1, POST, 1)).and(60, lapse(1));
    assert!(matches!(settling.target().phase, Phase::Settling(_)));
    assert_eq!(settling.when(4000, begin(2, SEARCHABLE)), Err(PostError::Unsettled));
    assert_eq!(settling.when(61, lapse(1)), Err(PostError::Fenced), "it lapses once");
}

#[test]
fn what_a_platform_said_of_credentials_stays_the_reason_while_nobody_asks_it() {
    let refused = |number, status, code: &str, words: Option<&str>| PostAction::FailAttempt {
        account_id: own(),
        number,
        step: None,
        failure: Failure {
            status,
            message: words.map(crate::seal::Sealed::from_stored),
            ..Failure::of(FailureClass::AuthExpired, code)
        },
    };
    let told = |story: &Story| {
        let failure = story.target().failure.expect("it failed");
        (failure.status, failure.code.expect("a code"), failure.message.map(|it| it.as_str().to_owned()))
    };
    let asked = Story::scheduled(text(1))
        .and(0, begin(1, SEARCHABLE))
        .and(1, refused(1, Some(401), "AuthenticationRequired", Some("Invalid identifier or password")));
    let waits = asked.and(2, begin(2, SEARCHABLE)).and(2, refused(2, None, "needs_reconnect", None));
    let words = Some("Invalid identifier or password".to_owned());
    assert_eq!(told(&waits), (Some(401), "needs_reconnect".to_owned(), words.clone()));
    let given_up = waits.clone().and(3599, begin(3, SEARCHABLE)).and(3601, refused(3, None, "needs_reconnect", None));
    assert_eq!((given_up.status(), told(&given_up).2), (TargetStatus::Failed, words));
    // Whoever says something says why.
    let other = waits.clone().and(4, begin(3, SEARCHABLE)).and(5, refused(3, Some(403), "Takedown", None));
    assert_eq!(told(&other), (Some(403), "Takedown".to_owned(), None));
    let trouble = waits.and(4, begin(3, SEARCHABLE)).and(5, fail(3, FailureClass::NotSent));
    assert_eq!(told(&trouble), (None, "seen".to_owned(), None));
}
