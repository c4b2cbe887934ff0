//! Receipts: the same request is carried out once.

use std::sync::Arc;

use super::given::{Log, append, claiming, post, receipt, workspace};
use crate::journal::{AppendError, Claim};

pub(super) async fn a_receipt_stops_the_same_request(log: Log) {
    let mut request = append(post(1), 0, 2);
    let mut kept = receipt("key-1", post(1));
    kept.sealed = Some("v1.sealed".to_owned());
    request.receipts = vec![kept.clone(), receipt("key-2", post(1))];
    let recorded = log.put(request.clone()).await;

    let found = log.journal.receipt(workspace(1), "key-1").await.expect("the receipts read").expect("it is kept");
    assert_eq!(found.receipt, kept);
    assert_eq!((found.position, found.recorded_at), (recorded[1].position, recorded[1].recorded_at));
    assert_eq!(log.journal.receipt(workspace(2), "key-1").await.expect("the receipts read"), None);
    assert_eq!(log.journal.receipt(workspace(1), "key-3").await.expect("the receipts read"), None);

    // Sent again it is both stale and known. Known comes first: it is to be answered, not tried again.
    match log.refuse(request).await {
        AppendError::ReceiptExists(known) => assert_eq!(*known, found),
        other => panic!("not known by its receipt: {other:?}"),
    }
    let log = log.reopen().await;
    let mut again = append(post(1), 2, 1);
    again.receipts = vec![receipt("key-2", post(1))];
    assert!(matches!(log.refuse(again.clone()).await, AppendError::ReceiptExists(_)));
    again.workspace = workspace(2);
    log.put(again).await;

    // What was refused left no receipt.
    let mut stale = append(post(1), 0, 1);
    stale.receipts = vec![receipt("key-4", post(1))];
    assert!(matches!(log.refuse(stale).await, AppendError::VersionConflict { .. }));
    log.put(claiming(post(5), 0, vec![Claim::take("slug", "a")])).await;
    let mut taken = claiming(post(6), 0, vec![Claim::take("slug", "a")]);
    taken.receipts = vec![receipt("key-4", post(6))];
    assert!(matches!(log.refuse(taken).await, AppendError::ClaimTaken { .. }));
    assert_eq!(log.journal.receipt(workspace(1), "key-4").await.expect("the receipts read"), None);
}

pub(super) async fn one_of_many_equal_requests_is_carried_out(log: Log) {
    let requests: Vec<_> = (0..40)
        .map(|number| {
            let journal = Arc::clone(&log.journal);
            let mut request = append(post(number), 0, 1);
            request.receipts = vec![receipt("key", post(number))];
            tokio::spawn(async move { journal.append(request).await })
        })
        .collect();
    let (mut done, mut known) = (Vec::new(), Vec::new());
    for request in requests {
        match request.await.expect("the task ends") {
            Ok(recorded) => done.push(recorded[0].stream),
            Err(AppendError::ReceiptExists(receipt)) => known.push(receipt.receipt.resource),
            Err(other) => panic!("neither done nor known: {other:?}"),
        }
    }
    let [carried_out] = done[..] else { panic!("{} were carried out", done.len()) };
    assert!(known.iter().all(|resource| *resource == carried_out));
    assert_eq!(log.all().await.len(), 1);
}

pub(super) async fn old_receipts_are_forgotten(log: Log) {
    let keep = async |number: u128| {
        let mut request = append(post(number), 0, 1);
        request.receipts = vec![receipt(&number.to_string(), post(number))];
        log.put(request).await[0].recorded_at
    };
    let kept_at = [keep(1).await, keep(2).await, keep(3).await];
    assert_eq!(log.journal.forget_receipts(kept_at[0], 10).await.expect("forgotten"), 0, "only what is older");
    assert_eq!(log.journal.forget_receipts(kept_at[2], 1).await.expect("forgotten"), 1, "no more than asked for");
    assert_eq!(log.journal.forget_receipts(kept_at[2], 10).await.expect("forgotten"), 1);
    for (number, there) in [("1", false), ("2", false), ("3", true)] {
        let found = log.journal.receipt(workspace(1), number).await.expect("the receipts read");
        assert_eq!(found.is_some(), there, "{number}");
    }
    assert_eq!(log.all().await.len(), 3, "events stay");
}
