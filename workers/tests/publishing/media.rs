//! Pictures: brought before anything is intended, anew on every attempt, and shown once.

use campanile_events::post::{Content, FailureClass, TargetStatus};
use campanile_workers::platforms::sandbox::{Fault, FaultKind, Point};

use crate::house::{House, Setting, quick, text};

in_every_setting!(
    every_attempt_brings_them_anew_and_one_post_shows_them,
    a_picture_that_can_not_be_brought_ends_the_attempt_before_anything_is_sent,
);

const PNG: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00\x12\x16\xf1M\
    \x00\x00\x00\x0bIDATx\x9cc`\xc0\x04\x00\x00\x14\x00\x01}\xfe\x1e\xee\x00\x00\x00\x00IEND\xaeB`\x82";

async fn every_attempt_brings_them_anew_and_one_post_shows_them(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    // On a keyed account the lost answer is settled by a repeat, on a searchable one by asking; a 503 by another attempt.
    for (class, fault, brought) in [
        ("keyed", FaultKind::LoseAnswer, 2),
        ("searchable", FaultKind::LoseAnswer, 1),
        ("blind", FaultKind::ErrorBefore { status: 503 }, 2),
    ] {
        let account = house.connect(class, class).await;
        let picture = house.medium(PNG, "a bell").await;
        house.fault(Fault::next(Some(class), fault, 1));
        let content = Content { media_ids: vec![picture], ..text("") };
        let post = house.schedule(content, &[account], house.clock.now()).await;
        let state = house.ended(post).await;
        assert_eq!(state.targets[0].status(), TargetStatus::Published, "{class}: {:?}", state.targets[0].failure);
        let uploads: Vec<_> = house.sandbox.journal().uploads.into_iter().filter(|it| it.account == class).collect();
        assert_eq!(uploads.len(), brought, "{class}");
        assert!(uploads.iter().all(|it| it.alt_text.as_deref() == Some("a bell") && it.bytes == PNG.len()));
        let visible = house.visible(class);
        assert_eq!(visible.len(), 1, "{class}");
        assert!(visible[0].media_ids.len() == 1 && uploads.iter().any(|it| it.id == visible[0].media_ids[0]));
    }
}

async fn a_picture_that_can_not_be_brought_ends_the_attempt_before_anything_is_sent(setting: Setting) {
    let house = House::open(setting, quick()).await;
    let _publishing = house.start().await;
    let account = house.connect("a", "blind").await;
    let failed = async |content: Content<_>| {
        let post = house.schedule(content, &[account], house.clock.now()).await;
        house.ended(post).await.targets[0].clone()
    };
    let picture = house.medium(PNG, "a bell").await;
    let with = |words: &str| Content { media_ids: vec![picture], ..text(words) };

    house.fault(Fault::next(None, FaultKind::Refuse, 1).on(Point::Upload));
    let target = failed(with("refused")).await;
    assert_eq!((target.status(), target.attempts.len()), (TargetStatus::Failed, 1));
    assert_eq!(target.failure.expect("a failure").class, FailureClass::Rejected);
    assert!(target.attempts[0].intents.is_empty());

    // A lost answer is no doubt here: nothing was shown.
    house.fault(Fault::next(None, FaultKind::LoseAnswer, 1).on(Point::Upload));
    let target = failed(with("lost")).await;
    assert_eq!((target.status(), target.attempts.len()), (TargetStatus::Published, 2));
    assert!(target.attempts[0].intents.is_empty());

    house.lose(picture).await;
    let target = failed(with("gone")).await;
    assert_eq!(target.status(), TargetStatus::Failed);
    assert_eq!(target.failure.expect("a failure").code.as_deref(), Some("media_missing"));
    assert_eq!(house.visible("a").len(), 1);
}
