//! What a request makes, with and without faults.

use std::time::Duration;

use campanile_events::post::FailureClass;

use super::{super::*, Bench, class};
use crate::platforms::Found;

#[tokio::test]
async fn a_key_makes_one_post_and_its_absence_many() {
    for bench in Bench::both().await {
        let keyed = bench.access("keyed").await;
        let (first, second) = tokio::join!(bench.send(&keyed, "m", "a"), bench.send(&keyed, "m", "a"));
        let first = first.unwrap();
        assert_eq!(first, second.unwrap());
        assert_eq!(first, bench.send(&keyed, "m", "a").await.unwrap());
        let other = bench.send(&keyed, "n", "a").await.unwrap();
        assert_ne!(first.remote_id, other.remote_id);
        assert_eq!(bench.texts(), ["a", "a"]);

        bench.clock.advance(chrono::Duration::seconds(3600));
        assert_ne!(bench.send(&keyed, "m", "a").await.unwrap(), first, "the key is kept for an hour");

        let searchable = bench.access("searchable").await;
        let (first, second) = tokio::join!(bench.send(&searchable, "s", "b"), bench.send(&searchable, "s", "b"));
        assert_ne!(first.unwrap().remote_id, second.unwrap().remote_id);
        assert_eq!(bench.texts().len(), 5);
    }
}

#[tokio::test]
async fn each_fault_has_its_effect_and_its_class() {
    use FailureClass::{AuthExpired, RateLimited, Rejected, Transient, Uncertain};
    let cases = [
        (FaultKind::Refuse, Rejected, 0, "refused"),
        (FaultKind::RateLimit { retry_after: 7 }, RateLimited, 0, "rate_limited"),
        (FaultKind::ErrorBefore { status: 503 }, Transient, 0, "before_effect"),
        (FaultKind::ErrorBefore { status: 502 }, Uncertain, 0, "error"),
        (FaultKind::ErrorAfter { status: 503 }, Uncertain, 1, "error"),
        (FaultKind::LoseAnswer, Uncertain, 1, "closed"),
        (FaultKind::AnswerLate { seconds: 1.0 }, Uncertain, 1, "timeout"),
        (FaultKind::Reset, Uncertain, 0, "reset"),
        (FaultKind::ResetAfter, Uncertain, 1, "reset"),
        (FaultKind::Hang { seconds: 1.0 }, Uncertain, 0, "timeout"),
        (FaultKind::TokenExpired, AuthExpired, 0, "token_expired"),
        (FaultKind::Nonsense, Uncertain, 1, "unreadable_answer"),
    ];
    for bench in Bench::both().await {
        let access = bench.access("searchable").await;
        for (kind, expected, effects, code) in cases {
            let before = bench.texts().len();
            bench.fault(kind);
            let failure = bench.send(&access, "m", "a").await.unwrap_err();
            assert_eq!((failure.class, failure.code.as_deref()), (expected, Some(code)), "{kind:?}");
            assert_eq!(bench.texts().len() - before, effects, "{kind:?}");
            let noted = bench.sandbox.journal().requests.pop().unwrap();
            assert_eq!(noted.fault.as_deref(), Some(kind.name()));
            if let FaultKind::RateLimit { .. } = kind {
                assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
            }
            bench.send(&access, "m", "a").await.expect("the fault met one request");
        }
    }
}

#[tokio::test]
async fn an_effect_may_come_late_and_still_counts_once_for_its_key() {
    for bench in Bench::both().await {
        let keyed = bench.access("keyed").await;
        bench.fault(FaultKind::EffectLate { seconds: 10.0 });
        assert_eq!(class(bench.send(&keyed, "m", "a").await), FailureClass::Uncertain);
        assert_eq!(bench.look_up(&keyed, "a", None).await, Found::Absent);
        bench.clock.advance(chrono::Duration::seconds(10));
        let Found::Present(late) = bench.look_up(&keyed, "a", None).await else { panic!("it came") };
        assert_eq!(bench.send(&keyed, "m", "a").await.unwrap(), late);

        bench.fault(FaultKind::EffectLate { seconds: 10.0 });
        bench.send(&keyed, "n", "b").await.unwrap_err();
        bench.send(&keyed, "n", "b").await.unwrap();
        bench.clock.advance(chrono::Duration::seconds(10));
        assert_eq!(bench.texts(), ["a", "b"]);
    }
}

#[tokio::test]
async fn a_key_that_is_stored_late_lets_a_second_post_through() {
    for bench in Bench::both().await {
        let keyed = bench.access("keyed").await;
        bench.fault(FaultKind::KeyStoredLate { seconds: 30.0 });
        bench.fault(FaultKind::LoseAnswer);
        bench.send(&keyed, "m", "a").await.unwrap_err();
        bench.send(&keyed, "m", "a").await.unwrap();
        assert_eq!(bench.texts(), ["a", "a"]);
        bench.clock.advance(chrono::Duration::seconds(30));
        assert_eq!(bench.send(&keyed, "m", "a").await.unwrap().remote_id, "1");
        assert_eq!(bench.texts(), ["a", "a"]);
    }
}
