//! What clients ask: write, edit, schedule, call off, send again, settle, delete.

use super::{super::*, fixture::*};
use FailureClass::{Rejected, Transient, Uncertain};

/// Every state that a post of one target can be in, by the word used below.
fn states() -> Vec<(&'static str, Story)> {
    let thread = || Story::scheduled(text(3)).and(0, begin(1, SEARCHABLE)).and(1, intend(1, POST, 1));
    let one_part_live = || thread().and(2, complete(1, POST, "1"));
    vec![
        ("absent", Story::default()),
        ("draft", Story::drafted(text(1))),
        ("scheduled", Story::scheduled(text(1))),
        ("canceled", Story::scheduled(text(1)).and(-400, cancel())),
        ("deleted", Story::scheduled(text(1)).and(-400, delete())),
        ("begun", Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE))),
        ("sending", Story::sending(SEARCHABLE)),
        ("retrying", Story::sending(SEARCHABLE).and(2, fail(1, Transient))),
        ("retrying after a part", one_part_live().and(3, fail(1, Transient))),
        ("settling", Story::sending(SEARCHABLE).and(2, fail(1, Uncertain))),
        ("published", Story::sending(SEARCHABLE).and(2, complete(1, POST, "1"))),
        ("failed", Story::sending(SEARCHABLE).and(2, fail(1, Rejected))),
        ("failed after a part", one_part_live().and(3, fail(1, Rejected))),
        ("missed", Story::scheduled(text(1)).and(3601, begin(1, SEARCHABLE))),
        ("unknown", Story::sending(BLIND).and(2, fail(1, Uncertain))),
    ]
}

#[test]
fn each_state_allows_this_and_refuses_that() {
    let live = || resolve(Resolution::Published { url: None });
    let asked = || {
        [
            ("edited", edit(content(1, false, "two"))),
            ("scheduled", schedule(5000)),
            ("published", PostAction::Publish),
            ("unscheduled", PostAction::Unschedule),
            ("canceled", cancel()),
            ("retried", retry()),
            ("deleted", delete()),
        ]
    };
    let gone = "canceled, deleted";
    for (state, expected) in [
        ("draft", ["edited", "scheduled", "scheduled", "-", "canceled", "-", gone]),
        ("scheduled", ["edited", "scheduled", "scheduled", "unscheduled", "canceled", "-", gone]),
        ("canceled", ["-", "-", "-", "-", "-", "-", "deleted"]),
        ("begun", ["-", "-", "-", "-", "canceled", "-", gone]),
        ("sending", ["-", "-", "-", "-", "-", "-", "-"]),
        ("retrying", ["edited", "-", "-", "-", "canceled", "-", gone]),
        ("retrying after a part", ["-", "-", "-", "-", "-", "-", "-"]),
        ("settling", ["-", "-", "-", "-", "-", "-", "-"]),
        ("published", ["-", "-", "-", "-", "-", "-", "deleted"]),
        ("failed", ["edited", "-", "-", "-", "-", "target_requeued", "deleted"]),
        ("failed after a part", ["-", "-", "-", "-", "-", "target_requeued", "deleted"]),
        ("missed", ["edited", "scheduled", "scheduled", "-", "-", "target_requeued", "deleted"]),
        ("unknown", ["-", "-", "-", "-", "-", "-", "deleted"]),
    ] {
        let story = states().into_iter().find(|(name, _)| *name == state).expect("a state of the list").1;
        for ((verb, action), expected) in asked().into_iter().zip(expected) {
            let told = story.tell(4000, action);
            let status = story.post().status();
            let again = if status.as_str() == verb { " again" } else { "" };
            let refusal = format!("refused: the post is {status}: it can't be {verb}{again}");
            let expected = if expected == "-" { refusal } else { expected.to_owned() };
            assert_eq!(told, expected, "a post that is {state}, {verb}");
        }
        let settled = story.tell(4000, live());
        let refusal = format!("refused: the target {} is {}: it can't be resolved", own(), story.status());
        let expected = if state == "unknown" { "target_resolved, target_published".to_owned() } else { refusal };
        assert_eq!(settled, expected, "a post that is {state}, resolved");
    }
}

#[test]
fn nothing_is_asked_of_a_post_that_is_absent_or_deleted() {
    for (state, refusal) in [("absent", PostError::NotFound), ("deleted", PostError::Deleted)] {
        let story = states().into_iter().find(|(name, _)| *name == state).expect("a state of the list").1;
        for action in [
            edit(text(1)),
            schedule(0),
            PostAction::Publish,
            PostAction::Unschedule,
            cancel(),
            retry(),
            resolve(Resolution::Published { url: None }),
            delete(),
        ] {
            let case = format!("{state}: {action:?}");
            assert_eq!(story.when(0, action), Err(refusal.clone()), "{case}");
        }
    }
}

#[test]
fn a_draft_needs_accounts_and_a_content_that_they_take() {
    let nothing = Story::default();
    assert_eq!(nothing.when(0, draft(text(1), &[])), Err(PostError::NoTargets));
    assert_eq!(nothing.when(0, draft(text(1), &[1, 2, 1])), Err(PostError::TargetTwice(account(1))));
    let Err(PostError::Unprocessable(broken)) = nothing.when(0, draft(text(6), &[1, 2])) else {
        panic!("six parts, where five are allowed");
    };
    let found: Vec<_> = broken.iter().map(|it| (it.account_id, it.violations[0].code.as_str())).collect();
    assert_eq!(found, [(account(1), "too_many_parts"), (account(2), "too_many_parts")]);
    assert_eq!(Story::drafted(text(1)).when(0, draft(text(1), &[1])), Err(PostError::Exists));
}

#[test]
fn a_draft_with_a_due_time_is_both_or_nothing() {
    let at_once = |seconds| PostAction::DraftScheduled {
        content: Box::new(text(1)),
        targets: vec![rules(1)],
        tags: Vec::new(),
        limits: Limits::default(),
        when: When::instant(at(seconds)),
    };
    let nothing = Story::default();
    assert_eq!(nothing.when(61, at_once(0)), Err(PostError::InThePast));
    assert_eq!(nothing.tell(0, at_once(0)), "drafted, scheduled");
    let both = nothing.and(0, at_once(300));
    assert_eq!((both.status(), both.next_at(), both.post().revision), (TargetStatus::Scheduled, Some(300), 2));
    assert_eq!(both.when(0, at_once(300)), Err(PostError::Exists));
}

#[test]
fn an_edit_stores_what_changed_and_raises_the_revision() {
    let story = Story::scheduled(text(1));
    assert_eq!(story.tell(-300, edit(text(1))), "nothing");
    let other = content(1, false, "two");
    let expected = PostEdited {
        revision: 3,
        content: Some(other.sealed.clone()),
        digests: other.digests.clone(),
        targets: None,
        tags: None,
        limits: None,
        at: at(-300),
    };
    assert_eq!(story.when(-300, edit(other.clone())), Ok(vec![PostEvent::Edited(expected)]));
    assert_eq!(story.and(-300, edit(other)).next_at(), Some(0), "an edit moves no due time");
    assert!(matches!(
        Story::drafted(text(1)).when(0, edit(content(6, false, "two"))),
        Err(PostError::Unprocessable(_))
    ));
}

#[test]
fn an_edit_may_change_the_accounts() {
    let story = Story::scheduled(text(1));
    let edit = |targets| PostAction::Edit {
        if_revision: Some(2),
        content: Box::new(text(1)),
        targets,
        tags: None,
        limits: Some(Limits { late_limit_seconds: 60, give_up_after_seconds: 90 }),
    };
    assert_eq!(story.when(-300, edit(vec![])), Err(PostError::NoTargets));
    let post = story.and(-300, edit(vec![rules(2), rules(1)])).post();
    assert_eq!(post.targets.iter().map(|it| it.account_id).collect::<Vec<_>>(), [account(2), account(1)]);
    assert_eq!(post.targets[0].next_at(), Some(at(0)), "who joins is due when the others are");
    assert_eq!(post.missed_at(&post.targets[0]), Some(at(60)));
    assert_eq!(post.give_up_at(&post.targets[0]), Some(at(90)));
}

#[test]
fn a_client_that_knows_an_older_revision_is_refused() {
    let story = Story::scheduled(text(1));
    let refusal = Err(PostError::RevisionMismatch { expected: 1, actual: 2 });
    assert_eq!(story.when(-300, PostAction::Delete { if_revision: Some(1), on_platforms: false }), refusal);
    let PostAction::Edit { content, targets, .. } = edit(content(1, false, "two")) else { unreachable!() };
    let stale = PostAction::Edit { if_revision: Some(1), content, targets, tags: None, limits: None };
    assert_eq!(story.when(-300, stale), refusal);
    assert_eq!(story.tell(-300, PostAction::Delete { if_revision: Some(2), on_platforms: false }), "canceled, deleted");
}

#[test]
fn a_due_time_may_lie_a_minute_back() {
    let story = Story::drafted(text(1));
    assert_eq!(story.when(61, schedule(0)), Err(PostError::InThePast));
    let now = story.and(60, schedule(0));
    assert_eq!(now.next_at(), Some(0));
    assert_eq!(now.clone().and(61, schedule(300)).next_at(), Some(300));
    let without = now.and(61, PostAction::Unschedule);
    assert_eq!((without.status(), without.next_at()), (TargetStatus::Pending, None));
    assert_eq!(without.post().revision, 3);
}

#[test]
fn targets_are_called_off_and_sent_again_by_name() {
    let story = Story::default().and(-600, draft(text(1), &[1, 2, 3])).and(-500, schedule(0));
    let named = |numbers: &[u128]| PostAction::Cancel { account_ids: numbers.iter().copied().map(account).collect() };
    assert_eq!(story.when(-400, named(&[2, 9])), Err(PostError::UnknownTarget(account(9))));
    let canceled = PostCanceled { account_ids: vec![account(2)], at: at(-400) };
    assert_eq!(story.when(-400, named(&[2, 2])), Ok(vec![PostEvent::Canceled(canceled)]));
    let story = story.and(-400, named(&[2]));
    assert_eq!(story.post().status(), PostStatus::Scheduled);
    let twice = PostError::TargetStatus { account_id: account(2), status: TargetStatus::Canceled, verb: "canceled" };
    assert_eq!(story.when(-400, named(&[1, 2])), Err(twice), "all or none");
    let again = PostAction::Retry { account_ids: vec![account(1)] };
    let waiting = PostError::TargetStatus { account_id: own(), status: TargetStatus::Scheduled, verb: "retried" };
    assert_eq!(story.when(-400, again), Err(waiting));
}

#[test]
fn a_failed_target_that_is_sent_again_is_due_at_once_and_its_limits_count_anew() {
    let story = Story::sending(SEARCHABLE).and(2, fail(1, Rejected)).and(9000, retry());
    assert_eq!((story.status(), story.next_at()), (TargetStatus::Scheduled, Some(9000)));
    assert_eq!(story.tell(9000 + 3600, begin(2, SEARCHABLE)), "attempt_started");
    assert_eq!(story.tell(9000 + 3601, begin(2, SEARCHABLE)), "target_missed");
}

#[test]
fn an_unknown_target_is_settled_by_a_person() {
    let story = Story::sending(BLIND).and(2, fail(1, Uncertain));
    for (resolution, told, status) in [
        (Resolution::Published { url: None }, "target_resolved, target_published", TargetStatus::Published),
        (Resolution::NotPublished { then: Then::Resend }, "target_resolved, target_requeued", TargetStatus::Scheduled),
        (Resolution::NotPublished { then: Then::GiveUp }, "target_resolved, target_failed", TargetStatus::Failed),
    ] {
        assert_eq!(story.tell(50, resolve(resolution.clone())), told);
        assert_eq!(story.clone().and(50, resolve(resolution)).status(), status);
    }
    let elsewhere = PostAction::Resolve { account_id: account(9), resolution: Resolution::Published { url: None } };
    assert_eq!(story.when(50, elsewhere), Err(PostError::UnknownTarget(account(9))));
}

#[test]
fn cancel_and_begin_can_t_both_win() {
    let story = Story::scheduled(text(1));
    assert_eq!(story.clone().and(0, cancel()).when(0, begin(1, SEARCHABLE)), Err(PostError::Fenced));
    let begun = story.and(0, begin(1, SEARCHABLE)).and(1, cancel());
    assert_eq!(begun.when(1, intend(1, POST, 1)), Err(PostError::Fenced));
    assert_eq!(begun.status(), TargetStatus::Canceled);
    let deleted = Story::scheduled(text(1)).and(0, begin(1, SEARCHABLE)).and(1, delete());
    assert_eq!(deleted.when(1, intend(1, POST, 1)), Err(PostError::Fenced));
    assert_eq!(deleted.when(1, begin(2, SEARCHABLE)), Err(PostError::Fenced));
}
