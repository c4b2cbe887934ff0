//! Versions of streams.

use std::sync::Arc;

use super::given::{Log, append, event, post};
use crate::{
    ids::{Position, Version},
    journal::{Append, AppendError, Expected, Journal, StreamId},
};

pub(super) async fn a_stale_version_conflicts_and_stores_nothing(log: Log) {
    let recorded = log.put(append(post(1), 0, 2)).await;
    assert_eq!(recorded.iter().map(|event| event.version).collect::<Vec<_>>(), [Version(1), Version(2)]);
    for stale in [0, 1, 3] {
        let error = log.refuse(append(post(1), stale, 1)).await;
        assert_conflict(&error, post(1), stale, 2);
    }
    assert_conflict(&log.refuse(append(post(2), 1, 1)).await, post(2), 1, 0);
    log.put(append(post(1), 2, 1)).await;
}

pub(super) async fn one_of_many_decisions_on_the_same_version_wins(log: Log) {
    log.put(append(post(1), 0, 1)).await;
    let rivals: Vec<_> = (0..40)
        .map(|_| {
            let journal = Arc::clone(&log.journal);
            tokio::spawn(async move { journal.append(append(post(1), 1, 1)).await })
        })
        .collect();
    let mut winners = 0;
    for rival in rivals {
        match rival.await.expect("the task ends") {
            Ok(_) => winners += 1,
            Err(error) => assert_conflict(&error, post(1), 1, 2),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(log.all().await.len(), 2);
}

/// The second is checked against what the first leaves, not against what was committed before both.
pub(super) async fn appends_on_one_stream_follow_each_other_within_a_batch(log: Log) {
    let appends = (0..50).map(|version| log.journal.append(append(post(1), version, 1)));
    for (version, answer) in (1..).zip(futures::future::join_all(appends).await) {
        assert_eq!(answer.expect("the append goes in")[0].version, Version(version));
    }
    assert_eq!(log.all().await.len(), 50);
}

pub(super) async fn an_append_to_several_streams_is_all_or_nothing(log: Log) {
    log.put(append(post(2), 0, 1)).await;
    let both = |second: u64| {
        let mut append = append(post(1), 0, 1);
        append.expected.push(Expected { stream: post(2), version: Version(second) });
        append.events.push(event(post(2)));
        append.events.push(event(post(1)));
        append
    };
    assert_conflict(&log.refuse(both(0)).await, post(2), 0, 1);
    assert!(stream(&*log.journal, post(1)).await.is_empty());

    let recorded = log.put(both(1)).await;
    let places: Vec<_> = recorded.iter().map(|event| (event.position.0, event.stream, event.version.0)).collect();
    assert_eq!(places, [(2, post(1), 1), (3, post(2), 2), (4, post(1), 2)]);
    assert_eq!(stream(&*log.journal, post(1)).await, [1, 2]);
    assert_eq!(stream(&*log.journal, post(2)).await, [1, 2]);

    // A stream that is only looked at must not have moved either.
    let mut watching = append(post(3), 0, 1);
    watching.expected.push(Expected { stream: post(2), version: Version(1) });
    assert_conflict(&log.refuse(watching.clone()).await, post(2), 1, 2);
    watching.expected[1].version = Version(2);
    log.put(watching).await;
}

/// No two of them have a stream in common: only the log itself can tell them apart.
pub(super) async fn one_of_many_beginnings_wins(log: Log) {
    let beginning = |number| Append { begins: true, ..append(post(number), 0, 2) };
    let appends = (1..=40).map(|number| log.journal.append(beginning(number)));
    let answers = futures::future::join_all(appends).await;
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    for error in refused.clone() {
        assert!(matches!(error, AppendError::NotEmpty(Position(2))), "{error:?}");
    }
    assert_eq!(refused.count(), 39);
    assert_eq!(log.all().await.len(), 2);
    log.put(append(post(50), 0, 1)).await;
    assert!(matches!(log.refuse(beginning(60)).await, AppendError::NotEmpty(Position(3))));
}

async fn stream(journal: &dyn Journal, stream: StreamId) -> Vec<u64> {
    let events = journal.read_stream(stream, Version(0), 100).await.expect("the stream reads");
    events.iter().map(|event| event.version.0).collect()
}

#[track_caller]
fn assert_conflict(error: &AppendError, on: StreamId, decided: u64, found: u64) {
    match error {
        AppendError::VersionConflict { stream, expected, actual } => {
            assert_eq!((*stream, expected.0, actual.0), (on, decided, found));
        }
        other => panic!("not a conflict of versions: {other:?}"),
    }
}
