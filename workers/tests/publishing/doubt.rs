//! Whatever goes wrong, one post each; and where that can't be known, an honest unknown.

use campanile_events::post::{
    FailureClass::{self, AuthExpired, RateLimited, Rejected, Transient, Uncertain},
    Resolution, TargetStatus, Then,
};
use campanile_workers::platforms::sandbox::{Fault, FaultKind, Point};

use crate::house::{House, Setting, quick, text};

in_every_setting!(
    one_post_whatever_goes_wrong,
    an_unknown_target_is_settled_by_who_knows,
    a_key_that_is_stored_late_makes_no_second_post,
    equal_texts_are_not_taken_for_one_another,
    a_platform_that_can_not_be_asked_for_a_while_is_asked_again,
    a_doubt_on_an_account_that_is_gone_is_left_to_a_person_at_once,
);

fn classes(post: &campanile_events::post::Post) -> Vec<Option<FailureClass>> {
    let ends = post.targets[0].attempts.iter().map(|it| it.end.as_ref().expect("an ended attempt"));
    ends.map(|end| end.failure.as_ref().map(|failure| failure.class)).collect()
}

async fn one_post_whatever_goes_wrong(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let cases: [(&str, FaultKind, u32, &[Option<FailureClass>]); 11] = [
        ("refused before", FaultKind::ErrorBefore { status: 503 }, 2, &[Some(Transient), Some(Transient), None]),
        ("limited", FaultKind::RateLimit { retry_after: 0 }, 1, &[Some(RateLimited), None]),
        ("expired once", FaultKind::TokenExpired, 1, &[Some(AuthExpired), None]),
        ("refused", FaultKind::Refuse, 1, &[Some(Rejected)]),
        ("error before", FaultKind::ErrorBefore { status: 502 }, 1, &[Some(Uncertain), None]),
        ("error after", FaultKind::ErrorAfter { status: 500 }, 1, &[Some(Uncertain), None]),
        ("lost answer", FaultKind::LoseAnswer, 1, &[Some(Uncertain), None]),
        ("reset", FaultKind::Reset, 1, &[Some(Uncertain), None]),
        ("reset after", FaultKind::ResetAfter, 1, &[Some(Uncertain), None]),
        ("nonsense", FaultKind::Nonsense, 1, &[Some(Uncertain), None]),
        ("effect late", FaultKind::EffectLate { seconds: 0.1 }, 1, &[Some(Uncertain), None]),
    ];
    let mut running = Vec::new();
    for class in ["keyed", "searchable", "blind"] {
        for (number, (name, kind, times, expected)) in cases.iter().enumerate() {
            let handle = format!("{class}-{number}");
            let account = house.connect(&handle, class).await;
            house.fault(Fault::next(Some(&handle), *kind, *times));
            let post = house.schedule(text(name), &[account], house.clock.now()).await;
            running.push((class, name, handle, post, *expected));
        }
    }
    for (class, name, handle, post, expected) in running {
        let state = house.ended(post).await;
        let (visible, target) = (house.visible(&handle), &state.targets[0]);
        let doubtful = expected[0] == Some(Uncertain);
        let wanted = match (class, expected) {
            (_, [Some(Rejected)]) => TargetStatus::Failed,
            ("blind", _) if doubtful => TargetStatus::Unknown,
            _ => TargetStatus::Published,
        };
        let case = format!("{class}, {name}: {:?}, visible {visible:?}", target.attempts);
        assert_eq!(target.status(), wanted, "{case}");
        match wanted {
            TargetStatus::Published => {
                assert_eq!(visible.len(), 1, "{case}");
                assert_eq!(
                    target.done.values().filter_map(|it| it.remote_id.as_ref()).collect::<Vec<_>>(),
                    [&visible[0].remote_id]
                );
            }
            TargetStatus::Failed => assert_eq!(visible.len(), 0, "{case}"),
            _ => assert!(visible.len() <= 1, "{case}"),
        }
        match class {
            "keyed" => assert_eq!(classes(&state), expected, "{case}"),
            "blind" if doubtful => assert_eq!(classes(&state), expected[..1], "{case}"),
            // What is found needs no second attempt.
            _ => assert_eq!(classes(&state)[0], expected[0], "{case}"),
        }
    }
}

async fn an_unknown_target_is_settled_by_who_knows(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let account = house.connect("gull", "blind").await;
    let unknown = async |body: &str, kind| {
        house.fault(Fault::next(Some("gull"), kind, 1));
        let post = house.schedule(text(body), &[account], house.clock.now()).await;
        assert_eq!(house.ended(post).await.targets[0].status(), TargetStatus::Unknown);
        post
    };
    let resolve = |resolution| campanile_events::post::PostAction::Resolve { account_id: account, resolution };
    let there = unknown("it is there", FaultKind::LoseAnswer).await;
    house.command(there, resolve(Resolution::Published { url: None })).await;
    assert_eq!(house.ended(there).await.targets[0].status(), TargetStatus::Published);
    let not_there = unknown("it is not", FaultKind::Reset).await;
    house.command(not_there, resolve(Resolution::NotPublished { then: Then::Resend })).await;
    assert_eq!(house.ended(not_there).await.targets[0].status(), TargetStatus::Published);
    let left = unknown("never mind", FaultKind::Reset).await;
    house.command(left, resolve(Resolution::NotPublished { then: Then::GiveUp })).await;
    assert_eq!(house.ended(left).await.targets[0].status(), TargetStatus::Failed);
    let texts: Vec<_> = house.visible("gull").into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["it is there", "it is not"]);
}

async fn a_key_that_is_stored_late_makes_no_second_post(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let account = house.connect("owl", "keyed").await;
    house.fault(Fault::next(Some("owl"), FaultKind::KeyStoredLate { seconds: 0.2 }, 1));
    house.fault(Fault::next(Some("owl"), FaultKind::LoseAnswer, 1));
    let post = house.schedule(text("once"), &[account], house.clock.now()).await;
    assert_eq!(house.ended(post).await.targets[0].status(), TargetStatus::Published);
    assert_eq!(house.visible("owl").len(), 1);
}

async fn equal_texts_are_not_taken_for_one_another(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let account = house.connect("twin", "searchable").await;
    house.fault(Fault::next(Some("twin"), FaultKind::LoseAnswer, 2));
    let at = house.clock.now();
    let first = house.schedule(text("the same"), &[account], at).await;
    let second = house.schedule(text("the same"), &[account], at).await;
    let mut found = Vec::new();
    for post in [first, second] {
        let state = house.ended(post).await;
        assert_eq!(state.targets[0].status(), TargetStatus::Published);
        found.extend(state.targets[0].done.values().filter_map(|it| it.remote_id.clone()));
    }
    let mut visible: Vec<_> = house.visible("twin").into_iter().map(|it| it.remote_id).collect();
    visible.sort();
    found.sort();
    assert_eq!(found, visible, "each has its own");
    assert_eq!(visible.len(), 2);
}

async fn a_platform_that_can_not_be_asked_for_a_while_is_asked_again(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let account = house.connect("heron", "searchable").await;
    house.fault(Fault::next(Some("heron"), FaultKind::LoseAnswer, 1));
    let post = house.schedule(text("patience"), &[account], house.clock.now()).await;
    house.fault(Fault::next(Some("heron"), FaultKind::ErrorBefore { status: 503 }, 2).on(Point::LookUp));
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    assert_eq!(house.visible("heron").len(), 1);
}

async fn a_doubt_on_an_account_that_is_gone_is_left_to_a_person_at_once(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let account = house.connect("gone", "searchable").await;
    house.fault(Fault::next(Some("gone"), FaultKind::EffectLate { seconds: 5.0 }, 1));
    let post = house.schedule(text("farewell"), &[account], house.clock.now()).await;
    let _publishing = house.start().await;
    house.reaches(post, |target| matches!(target.phase, campanile_events::post::Phase::Settling(_))).await;
    house.disconnect(account).await;
    let target = &house.ended(post).await.targets[0];
    assert_eq!(target.status(), TargetStatus::Unknown);
    assert_eq!(target.failure.as_ref().map(|failure| failure.class), Some(Uncertain), "what was seen, not the leave");
}
