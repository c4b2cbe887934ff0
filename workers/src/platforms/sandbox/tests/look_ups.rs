//! What a look-up finds, and how a thread hangs together.

use campanile_events::post::FailureClass;

use super::{super::*, Bench, message, remote, search, start};
use crate::platforms::{Found, Message, Platform, RemoteRef, Search};

#[tokio::test]
async fn a_look_up_finds_what_is_past_the_baseline_and_nobody_elses() {
    for bench in Bench::both().await {
        let access = bench.access("searchable").await;
        assert_eq!(bench.platform.baseline(&access).await.unwrap(), None);
        let old = bench.send(&access, "m", "a").await.unwrap();
        let baseline = bench.platform.baseline(&access).await.unwrap();
        assert_eq!(baseline.as_deref(), Some(old.remote_id.as_str()));
        assert_eq!(bench.look_up(&access, "a", baseline.as_deref()).await, Found::Absent);
        for number in 0..100 {
            bench.send(&access, "m", &number.to_string()).await.unwrap();
        }
        let new = bench.send(&access, "m", "a").await.unwrap();
        assert_eq!(bench.look_up(&access, "a", baseline.as_deref()).await, Found::Present(new.clone()));

        let excluding = Search { exclude: vec![new.remote_id.clone()], ..search("a", baseline.as_deref()) };
        assert_eq!(bench.platform.look_up(&access, &excluding).await.unwrap(), Found::Absent);
        let reply = Search { reply_to: Some(remote(&old)), ..search("a", baseline.as_deref()) };
        assert_eq!(bench.platform.look_up(&access, &reply).await.unwrap(), Found::Absent);
        let later = Search { since: start() + chrono::Duration::hours(1), ..search("a", None) };
        assert_eq!(bench.platform.look_up(&access, &later).await.unwrap(), Found::Absent);

        bench.sandbox.add_fault(Fault::next(None, FaultKind::ErrorBefore { status: 503 }, 1).on(Point::LookUp));
        let Found::Incomplete(failure) = bench.look_up(&access, "b", None).await else { panic!("it failed") };
        assert_eq!((failure.class, failure.status), (FailureClass::Transient, Some(503)));
        bench.sandbox.add_fault(Fault::next(None, FaultKind::LoseAnswer, 1).on(Point::LookUp));
        let Found::Incomplete(failure) = bench.look_up(&access, "b", None).await else { panic!("it failed") };
        assert_eq!(failure.class, FailureClass::NotSent, "a question shows nothing");
    }
}

#[tokio::test]
async fn a_thread_hangs_together_and_a_reply_to_nothing_is_refused() {
    for bench in Bench::both().await {
        let access = bench.access("keyed").await;
        let first = bench.send(&access, "m", "a").await.unwrap();
        let reply = Message { reply_to: Some(remote(&first)), root: Some(remote(&first)), ..message("n", "b") };
        let line = bench.platform.open(&access).await.unwrap();
        let digest = line.digest_input(&reply);
        assert_ne!(digest, line.digest_input(&message("n", "b")));
        line.send(reply.clone()).await.unwrap();
        assert_eq!(bench.sandbox.visible()[1].reply_to, Some(first.remote_id));
        let found = Search { reply_to: reply.reply_to.clone(), ..search("b", None) };
        assert!(matches!(bench.platform.look_up(&access, &found).await.unwrap(), Found::Present(_)));

        let nothing = RemoteRef { remote_id: "99".into(), url: None };
        let line = bench.platform.open(&access).await.unwrap();
        let refused = line.send(Message { reply_to: Some(nothing), ..message("o", "c") }).await.unwrap_err();
        assert_eq!(refused.class, FailureClass::Rejected);
        let refused = bench.send(&access, "p", &"x".repeat(501)).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some("too_long"));
    }
}
