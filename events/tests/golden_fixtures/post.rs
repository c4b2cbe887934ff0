//! The events of posts.

use std::collections::BTreeMap;

use campanile_events::{
    ids::{AccountId, MediaId, WorkerId},
    post::{
        AttemptStarted, Content, Delivery, DuplicateObserved, Evidence, Failure, FailureClass, Intent,
        LateResultObserved, Limits, LocalTime, LookUp, OnGap, OnOverlap, Override, PostCanceled, PostDeleted,
        PostDrafted, PostEdited, PostEvent, PostScheduled, PostUnscheduled, RemovalRequested, Resolution, SendIntended,
        Step, StepCompleted, Tag, TargetFailed, TargetLookedUp, TargetMissed, TargetPublished, TargetRef,
        TargetRemovalFailed, TargetRemoved, TargetRequeued, TargetResolved, TargetRetryScheduled, TargetUncertain,
        TargetUnknown, Then, When,
    },
    seal::Sealed,
};
use chrono::{DateTime, Utc};

use super::{Fixture, account, at, digest, fixture, sealed, uuid};

fn now() -> DateTime<Utc> {
    at("2026-03-01T09:00:00.004217Z")
}

fn later() -> DateTime<Utc> {
    at("2026-03-01T09:00:30Z")
}

fn failure() -> Failure {
    Failure {
        class: FailureClass::RateLimited,
        status: Some(429),
        code: Some("too_many_requests".to_owned()),
        message: Some(sealed("bWVzc2FnZQ")),
        retry_after: Some(later()),
    }
}

pub fn fixtures() -> Vec<Fixture> {
    [clients(), attempts(), outcomes(), settlements(), removals()].concat()
}

fn clients() -> Vec<Fixture> {
    let other: AccountId = uuid(0x22).into();
    let targets = || {
        let target = |account_id, platform: &str| TargetRef { account_id, platform: platform.to_owned() };
        vec![target(account(), "mastodon"), target(other, "bluesky")]
    };
    let own = Override {
        body: Some(sealed("c2hvcnRlcg")),
        thread: Some(Vec::new()),
        first_comment: Some(sealed("b3duIGNvbW1lbnQ")),
    };
    let content: Content<Sealed> = Content {
        body: sealed("Ym9keQ"),
        thread: vec![sealed("cGFydDE"), sealed("cGFydDI")],
        first_comment: Some(sealed("Y29tbWVudA")),
        media_ids: vec![MediaId::from(uuid(0x41))],
        overrides: BTreeMap::from([(other, own)]),
    };
    let digests = || BTreeMap::from([(account(), digest("c1")), (other, digest("c2"))]);
    let tags = || vec![Tag { text: sealed("dGFn"), index: digest("d1") }];
    let local = LocalTime {
        local_time: "2026-03-29T02:30:00".parse().expect("a local time"),
        time_zone: "Europe/Berlin".parse().expect("a zone"),
        on_gap: OnGap::Later,
        on_overlap: OnOverlap::Earlier,
    };
    let drafted = PostDrafted {
        content: content.clone(),
        digests: digests(),
        targets: targets(),
        tags: tags(),
        limits: Limits::default(),
        at: now(),
    };
    let least = PostDrafted {
        content: Content { body: sealed("Ym9keQ"), ..Content::default() },
        targets: vec![targets().remove(0)],
        tags: Vec::new(),
        ..drafted.clone()
    };
    let edited = PostEdited {
        revision: 3,
        content: Some(content),
        digests: digests(),
        targets: Some(targets()),
        tags: Some(tags()),
        limits: Some(Limits { late_limit_seconds: 600, give_up_after_seconds: 1800 }),
        at: now(),
    };
    let untouched = PostEdited { content: None, targets: None, tags: Some(Vec::new()), limits: None, ..edited.clone() };
    let scheduled = |when| PostScheduled { revision: 2, when, account_ids: vec![account(), other], at: now() };
    vec![
        fixture("", &PostEvent::Drafted(drafted)),
        fixture("least", &PostEvent::Drafted(least)),
        fixture("", &PostEvent::Edited(edited)),
        fixture("tags_alone", &PostEvent::Edited(untouched)),
        fixture("", &PostEvent::Scheduled(scheduled(When::local(local).expect("an instant")))),
        fixture("instant", &PostEvent::Scheduled(scheduled(When::instant(later())))),
        fixture("", &PostEvent::Unscheduled(PostUnscheduled { revision: 3, at: now() })),
        fixture("", &PostEvent::Canceled(PostCanceled { account_ids: vec![other], at: now() })),
        fixture("", &PostEvent::Deleted(PostDeleted { at: now() })),
    ]
}

fn attempts() -> Vec<Fixture> {
    let account_id = account();
    let started = AttemptStarted {
        account_id,
        number: 1,
        worker: WorkerId::from(uuid(0x31)),
        delivery: Delivery::Keyed { window_ms: Some(3_600_000), quiet_ms: 60_000, searchable: true },
        baseline: Some("116153202951034882".to_owned()),
        revision: 2,
        at: now(),
    };
    let least = AttemptStarted { delivery: Delivery::Blind, baseline: None, ..started.clone() };
    let intent = Intent {
        step: Step::Part(0),
        marker: "4d0f7c3a91b85e26".to_owned(),
        request_digest: digest("f1"),
        at: now(),
        not_after: later(),
    };
    let completed = StepCompleted {
        account_id,
        number: 1,
        step: Step::Part(0),
        remote_id: "116153207714460211".to_owned(),
        url: Some(sealed("dXJs")),
        evidence: Evidence::Answered,
        claimed: true,
        at: now(),
    };
    let comment = StepCompleted {
        step: Step::Comment,
        url: None,
        evidence: Evidence::LookedUp,
        claimed: false,
        ..completed.clone()
    };
    vec![
        fixture("", &PostEvent::AttemptStarted(started)),
        fixture("blind", &PostEvent::AttemptStarted(least)),
        fixture("", &PostEvent::SendIntended(SendIntended { account_id, number: 1, intent })),
        fixture("", &PostEvent::StepCompleted(completed)),
        fixture("comment_found", &PostEvent::StepCompleted(comment)),
    ]
}

fn outcomes() -> Vec<Fixture> {
    let (account_id, number, at) = (account(), 1, now());
    let lapsed = || Failure::of(FailureClass::Lapsed, "worker_lost");
    let published = TargetPublished {
        account_id,
        number,
        url: Some(sealed("dXJs")),
        warning: Some(Failure::of(FailureClass::Rejected, "too_long")),
        evidence: Evidence::Answered,
        at,
    };
    let plain = TargetPublished { url: None, warning: None, evidence: Evidence::Resolved, ..published.clone() };
    let again = TargetRetryScheduled {
        account_id,
        number,
        failure: Some(failure()),
        absence_proved: false,
        retry_at: later(),
        at,
    };
    let absent = TargetRetryScheduled { failure: None, absence_proved: true, ..again.clone() };
    let unsure = TargetUncertain { account_id, number, step: Step::Part(2), failure: lapsed(), next_at: later(), at };
    vec![
        fixture("", &PostEvent::TargetPublished(published)),
        fixture("resolved", &PostEvent::TargetPublished(plain)),
        fixture("", &PostEvent::TargetRetryScheduled(again)),
        fixture("absence_proved", &PostEvent::TargetRetryScheduled(absent)),
        fixture(
            "",
            &PostEvent::TargetFailed(TargetFailed { account_id, number, failure: failure(), gave_up: true, at }),
        ),
        fixture("", &PostEvent::TargetUncertain(unsure)),
        fixture("", &PostEvent::TargetUnknown(TargetUnknown { account_id, number, failure: lapsed(), at })),
        fixture("", &PostEvent::TargetMissed(TargetMissed { account_id, due: later(), at })),
        fixture("", &PostEvent::TargetRequeued(TargetRequeued { account_id, due: later(), at })),
    ]
}

fn settlements() -> Vec<Fixture> {
    let (account_id, number, step, at) = (account(), 1, Step::Part(0), now());
    let looked_up = |look_up, absences, next_at| {
        PostEvent::TargetLookedUp(TargetLookedUp { account_id, number, step, look_up, absences, next_at, at })
    };
    let remote_id = || "116153207714460211".to_owned();
    let present = LookUp::Present { remote_id: remote_id(), url: Some(sealed("dXJs")) };
    let resolved = |resolution| TargetResolved { account_id, number, step: None, resolution, at };
    let found = |url| Resolution::Published { url: Some(sealed(url)) };
    let part = TargetResolved { step: Some(Step::Part(1)), ..resolved(found("dXJs")) };
    let twice = DuplicateObserved { account_id, number, step, remote_id: remote_id(), url: Some(sealed("dXJs")), at };
    vec![
        fixture("", &looked_up(present, 0, None)),
        fixture("absent", &looked_up(LookUp::Absent, 1, Some(later()))),
        fixture("unavailable", &looked_up(LookUp::Unavailable { failure: failure() }, 0, Some(later()))),
        fixture("", &PostEvent::TargetResolved(resolved(found("dXJs")))),
        fixture("resend", &PostEvent::TargetResolved(resolved(Resolution::NotPublished { then: Then::Resend }))),
        fixture("give_up", &PostEvent::TargetResolved(resolved(Resolution::NotPublished { then: Then::GiveUp }))),
        fixture("part", &PostEvent::TargetResolved(part)),
        fixture("", &PostEvent::DuplicateObserved(twice)),
        fixture("", &PostEvent::LateResultObserved(LateResultObserved { account_id, number, failure: failure(), at })),
    ]
}

fn removals() -> Vec<Fixture> {
    let (account_id, at) = (account(), now());
    let removed = || vec!["116153207714460299".to_owned(), "116153207714460211".to_owned()];
    let nothing = TargetRemoved { account_id, removed: Vec::new(), at };
    let over = TargetRemovalFailed {
        account_id,
        removed: Vec::new(),
        failure: Failure::of(FailureClass::Uncertain, "in_doubt"),
        retry_at: None,
        at,
    };
    let again = TargetRemovalFailed { removed: removed(), failure: failure(), retry_at: Some(later()), ..over.clone() };
    vec![
        fixture("", &PostEvent::RemovalRequested(RemovalRequested { account_ids: vec![account_id], at })),
        fixture("", &PostEvent::TargetRemoved(TargetRemoved { removed: removed(), ..nothing.clone() })),
        fixture("nothing_stood", &PostEvent::TargetRemoved(nothing)),
        fixture("", &PostEvent::TargetRemovalFailed(again)),
        fixture("over", &PostEvent::TargetRemovalFailed(over)),
    ]
}
