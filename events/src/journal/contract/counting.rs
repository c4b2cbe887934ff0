//! What is counted against plans.

use std::sync::Arc;

use super::given::{Log, append, post, receipt, workspace};
use crate::{
    ids::Position,
    journal::{Append, AppendError, Counted, Exceeded, Month},
};

pub(super) async fn a_quota_is_taken_to_its_end_and_no_further(log: Log) {
    log.put(counting(1, 3, 5)).await;
    let exceeded = refused(&log, counting(2, 3, 5)).await;
    assert_eq!((exceeded.used, exceeded.counted.most), (3, 5));
    assert_eq!(exceeded.resets_at, Month::ends(log.now().await));
    // What was refused was not counted; what is another's neither.
    log.put(counting(2, 2, 5)).await;
    log.put(Append { workspace: workspace(2), ..counting(3, 5, 5) }).await;
    let mut other = counting(4, 5, 5);
    "media_bytes_per_month".clone_into(&mut other.events[0].metadata.counted.as_mut().expect("it counts").quota);
    log.put(other).await;

    let log = log.reopen().await;
    assert_eq!(refused(&log, counting(5, 1, 5)).await.used, 5);
    // A greater plan goes on from there; what counts nothing goes in anyway.
    log.put(counting(5, 1, 6)).await;
    log.put(append(post(6), 0, 1)).await;
    assert_eq!(refused(&log, counting(7, 1, 6)).await.used, 6);
}

pub(super) async fn one_of_many_gets_the_last_of_a_quota(log: Log) {
    let requests: Vec<_> = (0..40)
        .map(|number| {
            let journal = Arc::clone(&log.journal);
            tokio::spawn(async move { journal.append(counting(number, 1, 7)).await })
        })
        .collect();
    let mut counted = 0;
    for request in requests {
        match request.await.expect("the task ends") {
            Ok(_) => counted += 1,
            Err(AppendError::QuotaExceeded(exceeded)) => assert_eq!(exceeded.used, 7),
            Err(other) => panic!("neither counted nor beyond: {other:?}"),
        }
    }
    assert_eq!((counted, log.all().await.len()), (7, 7));
}

/// It is known, or stale, before it is too much: neither is to be told that there is nothing left.
pub(super) async fn what_was_counted_is_not_counted_again(log: Log) {
    let mut request = counting(1, 1, 1);
    request.receipts = vec![receipt("key", post(1))];
    log.put(request.clone()).await;
    assert!(matches!(log.refuse(request).await, AppendError::ReceiptExists(_)));
    assert!(matches!(log.refuse(counting(1, 1, 1)).await, AppendError::VersionConflict { .. }));
    assert_eq!(refused(&log, counting(2, 1, 1)).await.used, 1);
}

pub(super) async fn sums_come_back_with_the_log(log: Log) {
    log.put(counting(1, 2, 9)).await;
    log.put(counting(2, 3, 9)).await;
    let (events, head) = (log.journal.read(Position(0), 9).await.expect("the log reads"), log.head().await);
    let copy = log.beside("a_counted_copy").await;
    let mut restoring = copy.journal.restore().await.expect("an empty log");
    let mut forged = events.clone();
    forged[1].metadata.counted.as_mut().expect("it counts").amount = 1;
    assert!(restoring.take(forged).await.is_err(), "what is counted is part of the leaf");
    drop(restoring);
    let mut restoring = copy.journal.restore().await.expect("an empty log");
    restoring.take(events).await.expect("each follows");
    restoring.finish(head.position, head.root).await.expect("the end");
    assert_eq!(refused(&copy, counting(3, 5, 9)).await.used, 5);
    copy.put(counting(3, 4, 9)).await;
}

/// An append of one event that counts so much of a quota of `most`.
fn counting(number: u128, amount: u64, most: u64) -> Append {
    let mut append = append(post(number), 0, 1);
    let (plan, quota) = ("free".to_owned(), "posts_per_month".to_owned());
    append.events[0].metadata.counted = Some(Box::new(Counted { plan, quota, amount, most }));
    append
}

async fn refused(log: &Log, append: Append) -> Exceeded {
    match log.refuse(append).await {
        AppendError::QuotaExceeded(exceeded) => *exceeded,
        other => panic!("not beyond a quota: {other:?}"),
    }
}
