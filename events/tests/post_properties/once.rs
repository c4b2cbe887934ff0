//! Whatever workers, networks and clients do: once.

use campanile_events::post::{Delivery, FailureClass, Phase, Post, PostEvent, RemovalStage, Step, Then};
use cqrs_es::Aggregate;
use proptest::{prelude::*, sample::select};

use super::world::World;
use crate::post_world::{Answer, Fate, lie, send_window};

#[derive(Debug, Clone)]
enum Move {
    Wait(i64),
    WaitUntilNext,
    Start(Option<Fate>),
    Intend(u32, Fate),
    Report(usize),
    ReportLast,
    FailBeforeSending(FailureClass),
    Lapse,
    LookUp(bool),
    Leave,
    Resolve(Then),
    Edit(&'static str),
    Reschedule,
    Cancel,
    Retry,
    Delete(bool),
    Remove(bool),
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let keyed = |window_ms, quiet_ms, searchable| Delivery::Keyed { window_ms, quiet_ms, searchable };
    select(vec![
        Delivery::Blind,
        Delivery::Searchable,
        keyed(Some(3_600_000), 60_000, true),
        keyed(Some(3_600_000), 60_000, false),
        keyed(Some(150_000), 60_000, true),
        keyed(None, 60_000, false),
    ])
}

fn fates() -> impl Strategy<Value = Fate> {
    let refused = select(vec![
        FailureClass::NotSent,
        FailureClass::Transient,
        FailureClass::RateLimited,
        FailureClass::AuthExpired,
        FailureClass::Rejected,
        FailureClass::OutdatedAdapter,
    ]);
    let answers =
        prop_oneof![4 => Just(Answer::Live), 2 => refused.prop_map(Answer::Refused), 4 => Just(Answer::Nothing)];
    let fate = |(answer, effect, leaves, takes, hidden)| Fate { answer, effect, leaves, takes, hidden };
    (answers, any::<bool>(), 0..=send_window(), 0..=30_i64, 0..=80_i64).prop_map(fate)
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (0..90_i64).prop_map(Move::Wait),
        1 => (0..2000_i64).prop_map(Move::Wait),
        6 => Just(Move::WaitUntilNext),
        8 => proptest::option::of(fates()).prop_map(Move::Start),
        8 => (0..=0_u32, fates()).prop_map(|(before, fate)| Move::Intend(before, fate)),
        1 => (0..3_u32, fates()).prop_map(|(before, fate)| Move::Intend(before, fate)),
        3 => (0..8_usize).prop_map(Move::Report),
        6 => Just(Move::ReportLast),
        1 => select(vec![FailureClass::NotSent, FailureClass::Rejected]).prop_map(Move::FailBeforeSending),
        3 => Just(Move::Lapse),
        5 => any::<bool>().prop_map(Move::LookUp),
        1 => Just(Move::Leave),
        2 => select(vec![Then::Resend, Then::GiveUp]).prop_map(Move::Resolve),
        1 => select(vec!["one", "two"]).prop_map(Move::Edit),
        1 => Just(Move::Reschedule),
        1 => Just(Move::Retry),
        1 => select(vec![Move::Cancel, Move::Delete(false)]),
        1 => Just(Move::Delete(true)),
        2 => any::<bool>().prop_map(Move::Remove),
    ]
}

fn make(world: &mut World, it: Move) {
    match it {
        Move::Wait(seconds) => world.wait(seconds),
        Move::WaitUntilNext => world.wait_until_next(),
        Move::Start(fate) => world.start(fate),
        Move::Intend(before, fate) => world.intend(before, &fate),
        Move::Report(which) => world.report(which),
        Move::ReportLast => world.report_last(),
        Move::FailBeforeSending(class) => world.fail_before_sending(class),
        Move::Lapse => world.lapse(),
        Move::LookUp(reachable) => world.look_up(reachable),
        Move::Leave => world.leave(),
        Move::Resolve(then) => world.resolve(then),
        Move::Edit(text) => world.edit(text),
        Move::Reschedule => world.reschedule(),
        Move::Cancel => world.cancel(),
        Move::Retry => world.retry(),
        Move::Delete(on_platforms) => world.delete(on_platforms),
        Move::Remove(works) => world.remove(works),
    }
}

/// What must hold at every moment.
fn check(world: &World) -> Result<(), TestCaseError> {
    let target = world.target();
    let lie = lie(&world.post, &world.platform);
    prop_assert!(lie.is_none(), "{lie:?}");
    let asked = world.events.iter().any(|event| matches!(event, PostEvent::RemovalRequested(_)));
    prop_assert!(asked || world.gone() == 0, "removed, and nobody asked for it");
    prop_assert_eq!(asked, target.removal.is_some());
    let mut after = world.events.iter().skip_while(|event| !matches!(event, PostEvent::Deleted(_)));
    let sent = after.any(|event| matches!(event, PostEvent::SendIntended(_)));
    prop_assert!(!sent, "sent after it was deleted");
    if target.removal.as_ref().is_some_and(|removal| removal.stage == RemovalStage::Removed) {
        prop_assert_eq!(world.standing(), 0, "it counts as removed and stands");
    }
    let running: Vec<_> = target.attempts.iter().filter(|it| it.is_running()).map(|it| it.number).collect();
    let newest_alone = running.is_empty() || running == [target.next_number() - 1];
    prop_assert!(newest_alone, "running: {running:?}");
    prop_assert_eq!(running.is_empty(), target.phase != Phase::Publishing);

    let mut folded = Post::default();
    world.events.iter().cloned().for_each(|event| folded.apply(event));
    prop_assert_eq!(&folded, &world.post, "folding the events equals what `handle` left");
    let json = serde_json::to_string(&world.post).expect("json");
    prop_assert_eq!(&serde_json::from_str::<Post>(&json).expect("a post"), &world.post);
    Ok(())
}

/// Where the server can be neither told nor asked, only an answer or a person lets a step be sent again.
fn check_blind(events: &[PostEvent]) -> Result<(), TestCaseError> {
    let mut in_doubt = false;
    for event in events {
        match event {
            PostEvent::TargetUnknown(_) => in_doubt = true,
            PostEvent::TargetResolved(_) | PostEvent::LateResultObserved(_) | PostEvent::StepCompleted(_) => {
                in_doubt = false;
            }
            PostEvent::SendIntended(_) => prop_assert!(!in_doubt, "sent again by itself"),
            _ => {}
        }
    }
    Ok(())
}

/// Workers that live and a platform that answers: brings the target to where nothing more is waited for.
fn finish(world: &mut World) -> bool {
    let works = || Fate { answer: Answer::Live, effect: true, leaves: 0, takes: 0, hidden: 0 };
    for _ in 0..100 {
        world.wait_until_next();
        match &world.target().phase {
            Phase::Publishing => world.lapse(),
            Phase::Scheduled | Phase::Retrying { .. } => {
                world.start(Some(works()));
                world.report_last();
            }
            Phase::Settling(_) => {
                world.look_up(true);
                if matches!(world.target().phase, Phase::Settling(_)) {
                    world.start(Some(works()));
                    world.report_last();
                    world.leave();
                }
            }
            _ if world.target().removal_at().is_some() => {
                world.wait_until_removal();
                world.remove(true);
            }
            _ => return true,
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_live_twice_and_nothing_live_is_taken_for_lost(
        delivery in deliveries(),
        moves in proptest::collection::vec(moves(), 1..60),
    ) {
        let mut world = World::new(delivery);
        for it in moves {
            make(&mut world, it);
            check(&world)?;
        }
        prop_assert!(finish(&mut world), "it never ends: {:?}", world.target());
        check(&world)?;
        if delivery == Delivery::Blind {
            check_blind(&world.events)?;
        }
    }
}

/// Near the end of the time that a server keeps its keys, a repeat that fits no more is left to a person, and none is between.
#[test]
fn a_repeat_fits_or_is_left_to_a_person() {
    let nothing_heard = Fate { answer: Answer::Nothing, effect: false, leaves: 0, takes: 0, hidden: 0 };
    for second in 3_500..=3_600 {
        let mut world = World::new(Delivery::Keyed { window_ms: Some(3_600_000), quiet_ms: 60_000, searchable: false });
        world.start(Some(nothing_heard.clone()));
        world.report_last();
        world.wait(second);
        assert!(finish(&mut world), "after {second} s: {:?}", world.target());
        let repeated = world.platform.flights.len() > 1;
        assert_eq!(repeated, second + send_window() < 3_600, "after {second} s");
    }
}

/// The world above would notice: a platform that forgets its keys at once shows two posts.
#[test]
fn a_promise_that_a_server_breaks_shows() {
    let nothing_heard = Fate { answer: Answer::Nothing, effect: true, leaves: 0, takes: 30, hidden: 0 };
    let mut world = World::new(Delivery::Keyed { window_ms: None, quiet_ms: 0, searchable: false });
    world.start(Some(nothing_heard.clone()));
    world.report_last();
    world.wait_until_next();
    world.start(Some(nothing_heard));
    assert_eq!(world.platform.made(Step::Part(0)), 2);
    assert!(check(&world).is_err());
}
