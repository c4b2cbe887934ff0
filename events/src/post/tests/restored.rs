//! A log that was restored from a copy: what may have been sent since then is not sent again.

use super::{super::*, fixture::*};
use FailureClass::{Transient, Uncertain};

fn hold(scheduled_too: bool) -> PostAction {
    PostAction::HoldRestored { scheduled_too }
}

#[test]
fn what_may_have_been_sent_becomes_unknown() {
    let scheduled = Story::scheduled(text(1));
    let begun = scheduled.clone().and(0, begin(1, KEYED));
    for (what, story) in [
        ("due", scheduled),
        ("begun", begun),
        ("sending, by a key", Story::sending(KEYED)),
        ("sending, blind", Story::sending(BLIND)),
        ("retrying", Story::sending(KEYED).and(2, fail(1, Transient))),
        ("settling, by a key", Story::sending(KEYED).and(2, fail(1, Uncertain))),
        ("settling, by looking", Story::sending(SEARCHABLE).and(2, fail(1, Uncertain))),
    ] {
        assert_eq!(story.tell(3, hold(false)), "target_unknown", "{what}");
        let held = story.and(3, hold(false));
        assert_eq!(held.status(), TargetStatus::Unknown, "{what}");
        assert_eq!(held.tell(4, hold(false)), "nothing", "{what}: done twice, it is done");
        let next = held.target().next_number();
        assert!(held.when(100, begin(next, KEYED)).is_err(), "{what}: nothing begins by itself");
        assert!(held.when(100, intend(1, POST, 100)).is_err(), "{what}: nothing goes on");
        let again = held.clone().and(100, resolve(Resolution::NotPublished { then: Then::Resend }));
        assert_eq!(again.status(), TargetStatus::Scheduled, "{what}: a person may have it sent");
        let live = held.and(100, resolve(Resolution::Published { url: None }));
        assert_eq!(live.status(), TargetStatus::Published, "{what}");
    }
}

#[test]
fn what_was_due_later_goes_out_at_its_time_once_a_person_lets_it() {
    let held = Story::scheduled(text(1)).and(-50, hold(true));
    assert_eq!(held.status(), TargetStatus::Unknown);
    let resend = || resolve(Resolution::NotPublished { then: Then::Resend });
    assert_eq!(held.clone().and(-20, resend()).target().due, Some(at(0)), "its time is still to come");
    assert_eq!(held.and(20, resend()).target().due, Some(at(20)), "its time is over");
    let doubtful = Story::sending(BLIND).and(2, fail(1, Uncertain));
    assert_eq!(doubtful.and(20, resend()).target().due, Some(at(20)), "what no restore held is sent at once");
}

#[test]
fn what_is_not_due_or_was_settled_stays() {
    assert_eq!(Story::scheduled(text(1)).tell(-1, hold(false)), "nothing");
    assert_eq!(Story::scheduled(text(1)).tell(-1, hold(true)), "target_unknown");
    let published = Story::sending(KEYED).and(2, complete(1, POST, "1"));
    let failed = Story::sending(KEYED).and(2, fail(1, FailureClass::Rejected));
    let canceled = Story::scheduled(text(1)).and(-1, PostAction::Cancel { account_ids: vec![] });
    let deleted = Story::scheduled(text(1)).and(-1, PostAction::Delete { if_revision: None, on_platforms: false });
    for story in [Story::drafted(text(1)), published, failed, canceled, deleted] {
        assert_eq!(story.tell(100, hold(true)), "nothing", "{}", story.status());
    }
}
