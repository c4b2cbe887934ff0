//! A post: any events, in any order.

use std::collections::BTreeMap;

use campanile_events::{
    ids::{AccountId, WorkerId},
    post::{
        AttemptStarted, Content, Delivery, DuplicateObserved, Evidence, Failure, FailureClass, Intent,
        LateResultObserved, Limits, LookUp, Post, PostCanceled, PostDeleted, PostDrafted, PostEdited, PostEvent,
        PostScheduled, PostUnscheduled, RemovalRequested, Resolution, SendIntended, Step, StepCompleted, TargetFailed,
        TargetLookedUp, TargetMissed, TargetPublished, TargetRef, TargetRemovalFailed, TargetRemoved, TargetRequeued,
        TargetResolved, TargetRetryScheduled, TargetUncertain, TargetUnknown, Then, When,
    },
    seal::Sealed,
};
use chrono::{DateTime, Utc};
use proptest::{option, prelude::*, sample::select};
use uuid::Uuid;

use crate::machine::{apply_in_turn, reread};

fn account(number: u128) -> AccountId {
    Uuid::from_u128(number).into()
}

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_000_000_000_i64).prop_map(|micros| DateTime::from_timestamp_micros(micros).expect("an instant"))
}

fn failures() -> impl Strategy<Value = Failure> {
    let classes = select(vec![FailureClass::Transient, FailureClass::Rejected, FailureClass::Uncertain]);
    (classes, option::of("[a-z]{1,8}"), option::of(moments()), option::of(100..600_u16))
        .prop_map(|(class, code, retry_after, status)| Failure { class, status, code, message: None, retry_after })
}

fn post_events() -> impl Strategy<Value = PostEvent> {
    let accounts = proptest::collection::vec(1..4_u128, 0..4);
    let content = ("[a-z]{0,6}", proptest::collection::vec("[a-z]{0,6}", 0..3), option::of("[a-z]{1,4}"));
    (0..8_u8, accounts, content, 0..9_u32, moments(), any::<bool>()).prop_map(
        |(which, accounts, (body, thread, comment), revision, at, some)| {
            let content = Content {
                body: Sealed::from_stored(body),
                thread: thread.into_iter().map(Sealed::from_stored).collect(),
                first_comment: comment.map(Sealed::from_stored),
                ..Content::default()
            };
            let account_ids: Vec<_> = accounts.into_iter().map(account).collect();
            let named = |account_id: &AccountId| TargetRef { account_id: *account_id, platform: "p".to_owned() };
            let targets: Vec<_> = account_ids.iter().map(named).collect();
            let (digests, limits) = (BTreeMap::new(), Limits::default());
            match which {
                0 => PostEvent::Drafted(PostDrafted { content, digests, targets, tags: Vec::new(), limits, at }),
                1 | 2 => PostEvent::Edited(PostEdited {
                    revision,
                    content: some.then_some(content),
                    digests,
                    targets: some.then_some(targets),
                    tags: some.then(Vec::new),
                    limits: some.then_some(limits),
                    at,
                }),
                3 => PostEvent::Scheduled(PostScheduled { revision, when: When::instant(at), account_ids, at }),
                4 => PostEvent::Unscheduled(PostUnscheduled { revision, at }),
                5 => PostEvent::Canceled(PostCanceled { account_ids, at }),
                6 => PostEvent::RemovalRequested(RemovalRequested { account_ids, at }),
                _ => PostEvent::Deleted(PostDeleted { at }),
            }
        },
    )
}

fn target_events() -> impl Strategy<Value = PostEvent> {
    let steps = select(vec![Step::Part(0), Step::Part(1), Step::Part(u16::MAX), Step::Comment]);
    let ids = (1..4_u128, 0..4_u32, "[0-9]{1,3}", option::of("[a-z]{1,4}"));
    (0..16_u8, ids, steps, failures(), option::of(moments()), moments(), any::<(bool, u8)>()).prop_map(
        |(which, (account_id, number, remote_id, url), step, failure, next_at, at, (some, absences))| {
            let (account_id, url) = (account(account_id), url.map(Sealed::from_stored));
            let delivery = if some { Delivery::Blind } else { Delivery::Searchable };
            let worker = WorkerId::from(Uuid::from_u128(number.into()));
            let evidence = Evidence::Answered;
            let marker = remote_id.clone();
            let intent = Intent { step, marker, request_digest: String::new(), at, not_after: at };
            let look_up = match absences % 3 {
                0 => LookUp::Absent,
                1 => LookUp::Present { remote_id: remote_id.clone(), url: url.clone() },
                _ => LookUp::Unavailable { failure: failure.clone() },
            };
            let resolution = if some {
                Resolution::Published { url: url.clone() }
            } else {
                Resolution::NotPublished { then: Then::Resend }
            };
            let (baseline, revision, due) = (some.then(|| remote_id.clone()), number, at);
            let (claimed, gave_up, absence_proved) = (some, some, some);
            let retry_at = next_at.unwrap_or(at);
            let maybe = some.then(|| failure.clone());
            match which {
                0 => PostEvent::AttemptStarted(AttemptStarted {
                    account_id,
                    number,
                    worker,
                    delivery,
                    baseline,
                    revision,
                    at,
                }),
                1 => PostEvent::SendIntended(SendIntended { account_id, number, intent }),
                2 => PostEvent::StepCompleted(StepCompleted {
                    account_id,
                    number,
                    step,
                    remote_id,
                    url,
                    evidence,
                    claimed,
                    at,
                }),
                3 => PostEvent::TargetPublished(TargetPublished {
                    account_id,
                    number,
                    url,
                    warning: maybe,
                    evidence,
                    at,
                }),
                4 => PostEvent::TargetRetryScheduled(TargetRetryScheduled {
                    account_id,
                    number,
                    failure: maybe,
                    absence_proved,
                    retry_at,
                    at,
                }),
                5 => PostEvent::TargetFailed(TargetFailed { account_id, number, failure, gave_up, at }),
                6 => {
                    let next_at = retry_at;
                    PostEvent::TargetUncertain(TargetUncertain { account_id, number, step, failure, next_at, at })
                }
                7 => PostEvent::TargetLookedUp(TargetLookedUp {
                    account_id,
                    number,
                    step,
                    look_up,
                    absences,
                    next_at,
                    at,
                }),
                8 => PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure, at }),
                9 => PostEvent::TargetMissed(TargetMissed { account_id, due, at }),
                10 => PostEvent::TargetResolved(TargetResolved {
                    account_id,
                    number,
                    step: some.then_some(step),
                    resolution,
                    at,
                }),
                11 => PostEvent::TargetRequeued(TargetRequeued { account_id, due, at }),
                12 => PostEvent::DuplicateObserved(DuplicateObserved { account_id, number, step, remote_id, url, at }),
                13 => PostEvent::TargetRemoved(TargetRemoved { account_id, removed: vec![remote_id], at }),
                14 => PostEvent::TargetRemovalFailed(TargetRemovalFailed {
                    account_id,
                    removed: vec![remote_id],
                    failure,
                    retry_at: next_at,
                    at,
                }),
                _ => PostEvent::LateResultObserved(LateResultObserved { account_id, number, failure, at }),
            }
        },
    )
}

fn events() -> impl Strategy<Value = PostEvent> {
    prop_oneof![1 => post_events(), 3 => target_events()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_reads_as_it_is_written(event in events()) {
        reread(&event)?;
    }

    #[test]
    fn any_history_folds_and_its_state_reads_as_it_is_written(
        history in proptest::collection::vec(events(), 0..40),
    ) {
        apply_in_turn::<Post>(history, |post| {
            for target in &post.targets {
                let _ = (post.status(), target.status(), post.next_step(target), target.next_at(), target.can_cancel());
                let _ = (target.standing(), target.removal_at());
            }
        })?;
    }
}
