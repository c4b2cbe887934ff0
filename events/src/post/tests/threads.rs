//! Posts of several steps: each is sent once, and a retry goes on after the last that is live.

use super::{super::*, fixture::*};
use crate::seal::Sealed;
use FailureClass::{Rejected, Transient, Uncertain};

/// Three parts, of which the first is live.
fn one_of_three() -> Story {
    let begun = Story::scheduled(text(3)).and(0, begin(1, SEARCHABLE));
    begun.and(1, intend(1, POST, 1)).and(2, complete(1, POST, "1"))
}

#[test]
fn a_thread_is_published_when_its_last_part_is_live() {
    let story = one_of_three();
    assert_eq!(story.status(), TargetStatus::Publishing);
    let two = story.and(3, intend(1, Step::Part(1), 3)).and(4, complete(1, Step::Part(1), "2"));
    assert_eq!(two.status(), TargetStatus::Publishing);
    let last = two.and(5, intend(1, Step::Part(2), 5));
    assert_eq!(last.tell(6, complete(1, Step::Part(2), "3")), "step_completed, target_published");
}

#[test]
fn a_retry_goes_on_after_the_parts_that_are_live() {
    let story = one_of_three().and(3, intend(1, Step::Part(1), 3)).and(4, fail(1, Transient));
    let again = story.and(5, begin(2, SEARCHABLE));
    assert_eq!(again.when(6, intend(2, POST, 6)), Err(PostError::UnfitIntent("it is not the next step")));
    assert_eq!(again.when(6, intend(2, Step::Part(2), 6)), Err(PostError::UnfitIntent("it is not the next step")));
    let done = again
        .and(6, intend(2, Step::Part(1), 6))
        .and(7, complete(2, Step::Part(1), "2"))
        .and(8, intend(2, Step::Part(2), 8))
        .and(9, complete(2, Step::Part(2), "3"));
    let names: Vec<_> = done.target().done.values().filter_map(|it| it.remote_id.clone()).collect();
    assert_eq!((done.status(), names), (TargetStatus::Published, vec!["1".into(), "2".into(), "3".into()]));
}

#[test]
fn a_thread_that_is_refused_half_way_fails_and_names_the_parts_that_stand() {
    let story = one_of_three().and(3, intend(1, Step::Part(1), 3)).and(4, fail(1, Rejected));
    let target = story.target();
    assert_eq!(target.status(), TargetStatus::Failed);
    assert_eq!(target.done.keys().copied().collect::<Vec<_>>(), [POST]);
    let again = story.and(100, retry()).and(100, begin(2, SEARCHABLE));
    assert_eq!(again.tell(101, intend(2, Step::Part(1), 101)), "send_intended");
}

#[test]
fn a_part_in_doubt_that_is_found_is_followed_by_the_next() {
    let story = one_of_three().and(3, intend(1, Step::Part(1), 3)).and(4, fail(1, Uncertain));
    let found = asked(1, Step::Part(1), 5, present("2"));
    assert_eq!(story.tell(5, found.clone()), "target_looked_up, step_completed, target_retry_scheduled");
    let on = story.and(5, found);
    assert_eq!(on.next_at(), Some(5));
    assert_eq!(on.and(5, begin(2, SEARCHABLE)).tell(6, intend(2, Step::Part(2), 6)), "send_intended");
}

#[test]
fn what_is_found_belongs_to_the_attempt_that_intended_it() {
    let story = Story::sending(KEYED).and(2, fail(1, Uncertain)).and(63, begin(2, KEYED)).and(70, lapse(2));
    let found = story.when(80, asked(2, POST, 80, present("1"))).expect("found");
    assert!(matches!(&found[1], PostEvent::StepCompleted(step) if step.number == 1), "{found:?}");
}

#[test]
fn a_first_comment_that_fails_leaves_the_post_published_with_a_warning() {
    let live = Story::scheduled(commented())
        .and(0, begin(1, SEARCHABLE))
        .and(1, intend(1, POST, 1))
        .and(2, complete(1, POST, "1"));
    let commenting = live.clone().and(3, intend(1, Step::Comment, 3));
    for story in [live.clone(), commenting.clone()] {
        assert_eq!(story.tell(4, fail(1, Rejected)), "target_published");
        let target = story.and(4, fail(1, Rejected)).target();
        assert_eq!((target.status(), target.failure), (TargetStatus::Published, None));
        assert_eq!(target.warning, Some(Failure::of(Rejected, "seen")));
    }
    let retrying = commenting.clone().and(4, fail(1, Transient));
    assert_eq!(retrying.status(), TargetStatus::Retrying);
    assert_eq!(retrying.tell(3601, begin(2, SEARCHABLE)), "target_published");
    assert_eq!(commenting.tell(4, complete(1, Step::Comment, "2")), "step_completed, target_published");
    let failed = commenting.and(4, fail(1, Rejected));
    assert_eq!(failed.tell(9, complete(1, Step::Comment, "2")), "step_completed", "it came after all");
}

/// A blind account, whose answer to this step was lost.
fn lost(content: ContentInHand, lost: Step) -> Story {
    let mut story = Story::scheduled(content).and(0, begin(1, BLIND));
    for (second, step) in (1..).step_by(2).zip(story.post().steps(own())) {
        story = story.and(second, intend(1, step, second));
        if step == lost {
            return story.and(second + 1, fail(1, Uncertain));
        }
        story = story.and(second + 1, complete(1, step, &format!("{step}")));
    }
    story
}

fn seen_at(url: &str) -> PostAction {
    resolve(Resolution::Published { url: Some(Sealed::from_stored(url)) })
}

#[test]
fn a_part_that_a_person_found_stands_and_what_hangs_under_it_is_not_sent_without_its_name() {
    let story = lost(text(3), Step::Part(1));
    assert_eq!(story.status(), TargetStatus::Unknown);
    assert_eq!(story.tell(9000, seen_at("two")), "target_resolved, target_failed");
    let failed = story.and(9000, seen_at("two"));
    let target = failed.target();
    assert_eq!(target.done.keys().copied().collect::<Vec<_>>(), [POST, Step::Part(1)]);
    assert_eq!(target.done[&Step::Part(1)].url, Some(Sealed::from_stored("two")));
    assert_eq!(target.url, None, "the target's own is the first part's");
    assert_eq!(target.failure.and_then(|it| it.code).as_deref(), Some("parent_not_named"));
    assert!(failed.tell(9001, retry()).starts_with("refused"), "it would stand alone");
    // Its name comes after all: the rest can follow.
    assert_eq!(failed.tell(9002, complete(1, Step::Part(1), "2")), "step_completed");
    let named = failed.and(9002, complete(1, Step::Part(1), "2"));
    assert_eq!(named.target().done[&Step::Part(1)].url, Some(Sealed::from_stored("two")));
    let again = named.and(9003, retry()).and(9003, begin(2, BLIND));
    assert_eq!(again.tell(9004, intend(2, Step::Part(2), 9004)), "send_intended");
}

#[test]
fn a_last_part_that_a_person_found_ends_the_thread() {
    let story = lost(text(3), Step::Part(2));
    assert_eq!(story.tell(9000, seen_at("three")), "target_resolved, target_published");
    let target = story.and(9000, seen_at("three")).target();
    assert_eq!((target.done.len(), target.url), (3, None));
    let alone = lost(text(1), POST).and(9000, seen_at("one")).target();
    assert_eq!((alone.status(), alone.url), (TargetStatus::Published, Some(Sealed::from_stored("one"))));
}

#[test]
fn a_comment_follows_a_part_that_a_person_found_where_the_first_has_a_name() {
    let story = lost(content(2, true, "one"), Step::Part(1));
    let told = "target_resolved, target_requeued, target_retry_scheduled";
    assert_eq!(story.tell(9000, seen_at("two")), told);
    let on = story.and(9000, seen_at("two"));
    assert_eq!((on.status(), on.next_at()), (TargetStatus::Retrying, Some(9000)));
    let done = on
        .and(9000, begin(2, BLIND))
        .and(9001, intend(2, Step::Comment, 9001))
        .and(9002, complete(2, Step::Comment, "c"));
    assert_eq!(done.status(), TargetStatus::Published);
    let nameless = lost(commented(), POST).and(9000, seen_at("one")).target();
    assert_eq!(nameless.status(), TargetStatus::Published);
    assert_eq!(nameless.warning.and_then(|it| it.code).as_deref(), Some("parent_not_named"));
}

#[test]
fn the_late_name_of_a_part_that_a_person_found_says_nothing_of_what_is_in_doubt_after_it() {
    let late = || complete(1, Step::Part(1), "2");
    let found = lost(content(2, true, "one"), Step::Part(1)).and(9000, seen_at("two"));
    for (delivery, status) in [(BLIND, TargetStatus::Unknown), (KEYED, TargetStatus::Publishing)] {
        let commented = found.clone().and(9000, begin(2, delivery)).and(9001, intend(2, Step::Comment, 9001));
        let doubtful = commented.and(9002, fail(2, Uncertain));
        assert_eq!(doubtful.status(), status);
        for story in [doubtful.clone(), doubtful.and(9003, delete_everywhere())] {
            assert_eq!(story.tell(9004, late()), "step_completed");
            assert_eq!(
                story.clone().and(9004, late()).target().phase,
                story.target().phase,
                "the comment may be there"
            );
        }
    }
}

#[test]
fn a_first_comment_that_failed_is_sent_again_and_nothing_else() {
    let failed = Story::scheduled(commented())
        .and(0, begin(1, BLIND))
        .and(1, intend(1, POST, 1))
        .and(2, complete(1, POST, "1"))
        .and(3, intend(1, Step::Comment, 3))
        .and(4, fail(1, Rejected));
    assert_eq!(failed.tell(9000, retry()), "target_requeued, target_retry_scheduled");
    let again = failed.and(9000, retry());
    assert_eq!((again.status(), again.next_at()), (TargetStatus::Retrying, Some(9000)));
    let begun = again.and(9000, begin(2, BLIND));
    assert_eq!(begun.when(9001, intend(2, POST, 9001)), Err(PostError::UnfitIntent("it is not the next step")));
    let sent = begun.and(9001, intend(2, Step::Comment, 9001));
    let refused = sent.clone().and(9002, fail(2, Rejected));
    assert_eq!((refused.status(), refused.target().warning.is_some()), (TargetStatus::Published, true));
    let doubtful = sent.clone().and(9002, fail(2, Uncertain));
    assert_eq!(doubtful.status(), TargetStatus::Unknown);
    assert!(doubtful.tell(9003, retry()).starts_with("refused"), "it may be there");
    let done = sent.and(9002, complete(2, Step::Comment, "2")).target();
    assert_eq!((done.status(), done.warning, done.published_at), (TargetStatus::Published, None, Some(at(4))));
    let complete_post = Story::sending(BLIND).and(2, complete(1, POST, "1"));
    assert!(complete_post.tell(9000, retry()).starts_with("refused"), "nothing of it failed");
}

#[test]
fn a_comment_that_a_person_gives_up_leaves_the_post_published_with_a_warning() {
    let give_up = || resolve(Resolution::NotPublished { then: Then::GiveUp });
    let story = lost(commented(), Step::Comment);
    assert_eq!(story.status(), TargetStatus::Unknown);
    assert_eq!(story.tell(9000, give_up()), "target_resolved, target_published");
    let left = story.and(9000, give_up());
    let target = left.target();
    assert_eq!((target.status(), target.failure), (TargetStatus::Published, None));
    assert_eq!(target.warning.map(|it| it.class), Some(Uncertain));
    assert_eq!(left.tell(9001, retry()), "target_requeued, target_retry_scheduled", "it surely isn't there");
    // Of a thread with an end missing nobody says that it is published.
    let part = lost(content(2, true, "one"), Step::Part(1));
    assert_eq!(part.tell(9000, give_up()), "target_resolved, target_failed");
}
