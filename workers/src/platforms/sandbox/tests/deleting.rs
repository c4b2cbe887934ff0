//! Posts that are taken away.

use super::*;

#[tokio::test]
async fn a_post_is_gone_and_the_journal_still_knows_it() {
    for bench in Bench::both().await {
        for delivery in ["keyed", "searchable", "blind"] {
            let access = bench.access(delivery).await;
            let sent = bench.send(&access, delivery, delivery).await.unwrap();
            let stands = || {
                let journal = bench.sandbox.journal();
                let gone = journal.removed.iter().any(|it| it.remote_id == sent.remote_id);
                (journal.visible.iter().any(|it| it.remote_id == sent.remote_id), gone)
            };
            assert_eq!(stands(), (true, false));
            assert_eq!(bench.platform.remove(&access, &sent.remote_id).await, Ok(()));
            assert_eq!(stands(), (true, true), "that it was there stays true");
            assert_eq!(bench.platform.remove(&access, &sent.remote_id).await, Ok(()), "gone already is as good");
            assert_eq!(bench.platform.remove(&access, "no/such?post").await, Ok(()));
            if delivery != "blind" {
                assert_eq!(bench.look_up(&access, delivery, None).await, Found::Absent);
                assert_eq!(bench.platform.baseline(&access).await, Ok(None));
            }
        }
        assert_eq!(bench.sandbox.journal().removed.len(), 3, "each once");
    }
}

#[tokio::test]
async fn nobody_takes_away_anothers() {
    let bench = Bench::in_process();
    let sent = bench.send(&bench.access("keyed").await, "marker", "mine").await.unwrap();
    let other = bench.sandbox.account("another", AccountClass::Keyed).unwrap().token;
    assert_eq!(bench.sandbox.remove(&other, &sent.remote_id).status(), Some(404));
    assert_eq!(bench.sandbox.remove("no token", &sent.remote_id).status(), Some(401));
    assert_eq!(bench.sandbox.journal().removed, []);
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    for bench in Bench::both().await {
        let access = bench.access("keyed").await;
        let sent = bench.send(&access, "marker", "text").await.unwrap();
        for (kind, class, gone) in [
            (FaultKind::ErrorBefore { status: 503 }, FailureClass::Transient, false),
            (FaultKind::RateLimit { retry_after: 3 }, FailureClass::RateLimited, false),
            (FaultKind::TokenExpired, FailureClass::AuthExpired, false),
            (FaultKind::Refuse, FailureClass::Rejected, false),
            (FaultKind::LoseAnswer, FailureClass::Uncertain, true),
        ] {
            bench.sandbox.add_fault(Fault::next(None, kind, 1).on(Point::Delete));
            let failure = bench.platform.remove(&access, &sent.remote_id).await.unwrap_err();
            assert_eq!((failure.class, !bench.sandbox.journal().removed.is_empty()), (class, gone), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn what_is_gone_stays_gone_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (file, clock) = (folder.path().join("sandbox"), ManualClock::starting_at(start()));
    let sandbox = Sandbox::open(clock.clone(), &file).unwrap();
    let token = sandbox.account("demo", AccountClass::Keyed).unwrap().token;
    let text = "text".to_owned();
    let submission = Submission { text, reply_to: None, root: None, media_ids: Vec::new(), marker: None };
    sandbox.receive(&token, &submission);
    sandbox.remove(&token, "1");
    let before = sandbox.journal();
    assert_eq!(before.removed.len(), 1);
    drop(sandbox);
    assert_eq!(Sandbox::open(clock, &file).unwrap().journal(), before);
}
