//! What is left after a crash: the journal is dropped as it stands and its log is opened again.

use std::sync::Arc;

use super::given::{Log, append, post, workspace};
use crate::{
    ids::{Epoch, Position, Version},
    journal::Recorded,
};

pub(super) async fn what_was_acknowledged_is_there_after_a_crash(log: Log) {
    let empty = log.head().await;
    assert_eq!((empty.epoch, empty.position, empty.recorded_at), (Epoch(1), Position(0), None));
    let mut acknowledged = Vec::new();
    let mut log = log;
    for round in 0..4 {
        for number in 0..5 {
            acknowledged.extend(log.put(append(post(number), round * 2, 2)).await);
        }
        let head = log.head().await;
        log = log.reopen().await;
        assert_eq!(log.head().await, head);
        assert_eq!(*log.journal.watch().borrow(), head.position, "who starts to follow knows where the log ends");
        assert_eq!(log.all().await, acknowledged);
    }
    let next = log.put(append(post(0), 8, 1)).await;
    assert_eq!(next[0].position, Position(acknowledged.len() as u64 + 1));
    assert_eq!(next[0].workspace_number, acknowledged.len() as u64 + 1);
    assert!(acknowledged.last().is_some_and(|last| last.recorded_at < next[0].recorded_at));
    let numbers = log.journal.workspace_numbers().await.expect("the numbers read");
    assert_eq!(numbers, [(workspace(1), next[0].position.0)]);
}

pub(super) async fn a_crash_in_the_middle_of_appends_leaves_a_whole_log(mut log: Log) {
    let mut acknowledged: Vec<Arc<Recorded>> = Vec::new();
    for round in 0..5_u128 {
        let appends: Vec<_> = (0..40)
            .map(|number| {
                let journal = Arc::clone(&log.journal);
                tokio::spawn(async move { journal.append(append(post(round * 100 + number), 0, 3)).await })
            })
            .collect();
        let mut announced = log.journal.watch();
        let before = *announced.borrow();
        drop(announced.wait_for(|position| *position > before).await.expect("the journal lives"));
        for append in appends {
            if append.is_finished() {
                acknowledged.extend(append.await.expect("the task ends").expect("the append goes in"));
            } else {
                append.abort();
            }
        }
        log = log.reopen().await;
    }
    // What was queued may still go in, and is whole where it did.
    let next = log.put(append(post(9_000), 0, 1)).await;
    let events = log.journal.read(Position(0), 10_000).await.expect("the log has no hole");
    assert!(next[0].position.0 > acknowledged.len() as u64);
    for event in &acknowledged {
        assert_eq!(events.get(event.position.0 as usize - 1), Some(event.as_ref()));
    }
    for stream in (0..5_u128).flat_map(|round| (0..40).map(move |number| post(round * 100 + number))) {
        let read = log.journal.read_stream(stream, Version(0), 10).await.expect("the stream reads");
        assert!(matches!(read.len(), 0 | 3), "an append is all or nothing, not {} of 3", read.len());
    }
}
