//! The same request again under the same key, and never where that could make a second post.

use super::{super::*, fixture::*};
use FailureClass::{NotSent, RateLimited, Rejected, Transient, Uncertain};

#[test]
fn a_repeat_waits_until_the_server_has_surely_stored_the_key() {
    // Reported at 2, so the wire is clear from then on; the quiet minute follows, and the pause of a second is over by then.
    let reported = Story::sending(KEYED).and(2, fail(1, Uncertain));
    assert_eq!(reported.next_at(), Some(62));
    assert_eq!(reported.when(61, begin(2, KEYED)), Err(PostError::TooEarly));
    assert_eq!(reported.tell(62, begin(2, KEYED)), "attempt_started");
    // Fell silent: it may have begun to send until its intent's last moment, at 31.
    let silent = Story::sending(KEYED).and(10, lapse(1));
    assert_eq!(silent.next_at(), Some(91));
    assert_eq!(silent.when(90, begin(2, KEYED)), Err(PostError::TooEarly));
    assert_eq!(silent.tell(91, begin(2, KEYED)), "attempt_started");
    // When the silence is noticed changes nothing about it, until the quiet minute is over.
    assert_eq!(Story::sending(KEYED).and(57, lapse(1)).next_at(), Some(91));
    assert_eq!(Story::sending(KEYED).and(91, lapse(1)).next_at(), Some(92), "the pause of a second is left");
}

#[test]
fn a_repeat_ends_with_the_server_s_memory() {
    let last = |delivery| Story::sending(delivery).and(2, fail(1, Uncertain));
    // First intended at 1; the request leaves within 10 s of its intent, all of it inside the hour.
    assert_eq!(last(KEYED).tell(3590, begin(2, KEYED)), "attempt_started");
    assert_eq!(last(KEYED).when(3591, begin(2, KEYED)), Err(PostError::Unsettled));
    let no_key = [SEARCHABLE, BLIND];
    for delivery in no_key {
        assert_eq!(last(KEYED).when(100, begin(2, delivery)), Err(PostError::Unsettled), "{}", delivery.class());
    }
    assert_eq!(last(SEARCHABLE).when(100, begin(2, KEYED)), Err(PostError::Unsettled), "the first had no key");
    let for_ever = Delivery::Keyed { window_ms: None, quiet_ms: 0, searchable: false };
    assert_eq!(last(for_ever).tell(3600, begin(2, for_ever)), "attempt_started");
    assert_eq!(last(for_ever).when(3601, begin(2, for_ever)), Err(PostError::Unsettled), "given up");
}

#[test]
fn a_repeat_that_begins_in_time_may_still_not_be_sent_too_late() {
    let begun = Story::sending(KEYED).and(2, fail(1, Uncertain)).and(3500, begin(2, KEYED));
    let forgotten = PostError::UnfitIntent("the server may have forgotten the key by then");
    assert_eq!(begun.tell(3570, intend(2, POST, 3570)), "send_intended");
    assert_eq!(begun.when(3571, intend(2, POST, 3571)), Err(forgotten));
}

#[test]
fn a_repeat_has_the_marker_of_the_send_that_is_in_doubt() {
    let marked = |marker: &str, seconds| Intent { marker: marker.to_owned(), ..intent(POST, seconds) };
    let other = PostError::UnfitIntent("a repeat must have the first one's marker");
    let doubtful = Story::sending(KEYED).and(2, fail(1, Uncertain)).and(63, begin(2, KEYED));
    assert_eq!(doubtful.when(63, intend_so(2, marked("another", 63))), Err(other.clone()));
    assert_eq!(doubtful.tell(63, intend_so(2, marked(&marker(POST), 63))), "send_intended");
    // Refused under the first marker, edited, in doubt under the second: a send under the first would be a new one.
    let edited = Story::sending(KEYED)
        .and(2, fail(1, Transient))
        .and(2, edit(content(1, false, "two")))
        .and(5, begin_as(2, KEYED, 3, Some(marked("second", 5))))
        .and(6, fail(2, Uncertain))
        .and(100, begin_as(3, KEYED, 3, None));
    assert_eq!(edited.when(101, intend_so(3, marked(&marker(POST), 101))), Err(other));
    assert_eq!(edited.tell(101, intend_so(3, marked("second", 101))), "send_intended");
}

#[test]
fn a_repeat_that_was_refused_leaves_the_first_in_doubt() {
    for class in [NotSent, Transient, RateLimited, Rejected, Uncertain] {
        let repeat = Story::sending(KEYED).and(2, fail(1, Uncertain)).and(63, begin(2, KEYED));
        for story in [repeat.clone(), repeat.clone().and(63, intend(2, POST, 63))] {
            assert_eq!(story.tell(64, fail(2, class)), "target_uncertain", "{class}");
            let after = story.and(64, fail(2, class));
            assert_eq!(after.target().uncertain, Some(POST));
            assert_eq!(
                after.when(64, edit(text(2))),
                Err(PostError::Status { status: PostStatus::Publishing, verb: "edited" })
            );
        }
        assert_eq!(repeat.tell(100, lapse(2)), "target_uncertain", "a repeat that lapsed before its intent");
    }
}

#[test]
fn a_repeat_that_works_publishes() {
    let repeat = Story::sending(KEYED).and(2, fail(1, Uncertain)).and(63, begin(2, KEYED)).and(63, intend(2, POST, 63));
    assert_eq!(repeat.tell(64, complete(2, POST, "1")), "step_completed, target_published");
    let published = repeat.and(64, complete(2, POST, "1")).target();
    assert_eq!((published.status(), published.uncertain, published.failure), (TargetStatus::Published, None, None));
}

#[test]
fn where_keys_are_all_a_server_has_their_end_leaves_the_target_to_a_person() {
    let story = Story::sending(KEYS_ALONE).and(2, fail(1, Uncertain));
    assert_eq!(story.when(3590, leave(1)), Err(PostError::Unsettled), "it can still be repeated");
    assert_eq!(story.tell(3591, leave(1)), "target_unknown");
    assert_eq!(story.when(3591, leave(2)), Err(PostError::Fenced));
    let searchable = Story::sending(KEYED).and(2, fail(1, Uncertain));
    assert_eq!(searchable.when(3591, leave(1)), Err(PostError::Unsettled), "it can still be asked");
    let rejected = story.and(63, begin(2, KEYS_ALONE)).and(63, intend(2, POST, 63));
    assert_eq!(rejected.tell(64, fail(2, Rejected)), "target_unknown");
}
