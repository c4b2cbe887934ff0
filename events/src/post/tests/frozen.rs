//! From the first intent the content of a target is frozen, until that intent is settled as not published.

use super::{super::*, fixture::*};
use FailureClass::{Rejected, Transient, Uncertain};

fn change() -> PostAction {
    edit(content(1, false, "two"))
}

#[test]
fn content_is_frozen_from_the_first_intent_until_it_is_settled_as_not_published() {
    let sending = || Story::sending(SEARCHABLE);
    let doubtful = || sending().and(2, fail(1, Uncertain));
    let absent = |seconds| asked(1, POST, seconds, LookUp::Absent);
    let unknown = || Story::sending(BLIND).and(2, fail(1, Uncertain));
    for (case, story, free) in [
        ("scheduled", Story::scheduled(text(1)), true),
        ("sending", sending(), false),
        ("refused, to be tried again", sending().and(2, fail(1, Transient)), true),
        ("refused for good", sending().and(2, fail(1, Rejected)), true),
        ("in doubt", doubtful(), false),
        ("absent once", doubtful().and(122, absent(122)), false),
        ("absent for sure", doubtful().and(122, absent(122)).and(182, absent(182)), true),
        ("published", sending().and(2, complete(1, POST, "1")), false),
        ("unknown", unknown(), false),
        ("given up by a person", unknown().and(9, resolve(Resolution::NotPublished { then: Then::GiveUp })), true),
        ("sent again by a person", unknown().and(9, resolve(Resolution::NotPublished { then: Then::Resend })), true),
    ] {
        let told = story.tell(200, change());
        let refusal = format!("refused: the post is {}: it can't be edited", story.post().status());
        assert_eq!(told, if free { "edited".to_owned() } else { refusal }, "{case}");
    }
}

#[test]
fn a_target_is_in_doubt_for_as_long_as_something_sent_may_be_live() {
    let cut_off = |delivery| Story::sending(delivery).and(100, lapse(1));
    for (case, story, doubt) in [
        ("scheduled", Story::scheduled(text(1)), false),
        ("sending", Story::sending(KEYED), true),
        ("refused", Story::sending(KEYED).and(2, fail(1, Transient)), false),
        ("cut off, to be sent again under its key", cut_off(KEYED), true),
        ("cut off, to be asked for", cut_off(SEARCHABLE), true),
        ("cut off, and nobody can be asked", cut_off(BLIND), true),
        ("published", Story::sending(KEYED).and(2, complete(1, POST, "1")), false),
    ] {
        assert_eq!(story.post().targets[0].is_in_doubt(), doubt, "{case}");
    }
}

#[test]
fn what_left_a_target_in_doubt_is_its_error_whatever_a_later_try_said() {
    let class = |story: &Story| story.post().targets[0].error().map(|error| error.class);
    let doubtful = Story::sending(KEYED).and(2, fail(1, Uncertain));
    let repeated = doubtful.and(92, begin(2, KEYED)).and(92, fail(2, FailureClass::NotSent));
    assert_eq!(class(&repeated), Some(Uncertain));
    let found = repeated.and(200, begin(3, KEYED)).and(200, intend(3, POST, 200)).and(201, complete(3, POST, "1"));
    assert_eq!((class(&found), found.post().targets[0].attempts[0].is_live()), (None, true));
    let refused = Story::sending(KEYED).and(2, fail(1, Transient));
    assert_eq!((class(&refused), refused.post().targets[0].attempts[0].is_live()), (Some(Transient), false));
}

#[test]
fn an_edit_after_a_refusal_is_sent_under_a_new_revision() {
    let story = Story::sending(SEARCHABLE).and(2, fail(1, Transient)).and(2, change());
    assert_eq!(story.when(5, begin(2, SEARCHABLE)), Err(PostError::RevisionMismatch { expected: 2, actual: 3 }));
    let under = Intent { marker: format!("{POST}/r3"), ..intent(POST, 5) };
    assert_eq!(story.tell(5, begin_as(2, SEARCHABLE, 3, Some(under))), "attempt_started, send_intended");
}

#[test]
fn one_target_in_doubt_freezes_the_whole_post() {
    let story = Story::default()
        .and(-600, draft(text(1), &[1, 2]))
        .and(-500, schedule(0))
        .and(0, begin(1, SEARCHABLE))
        .and(1, intend(1, POST, 1))
        .and(2, fail(1, Uncertain));
    assert!(matches!(story.when(3, change()), Err(PostError::Status { verb: "edited", .. })));
    let other = PostAction::Cancel { account_ids: vec![account(2)] };
    assert_eq!(story.tell(3, other), "canceled", "the other target can still be called off");
}
