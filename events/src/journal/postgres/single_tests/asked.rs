//! What a batch asks of the log: streams, receipts, and what has to be read.

use campanile_test_servers::Postgres;

use super::{
    given::{alone, next, of_workspace, positions},
    left::receipt,
};
use crate::{
    ids::Version,
    journal::{AppendError, Claim, Counted, Expected, Journal, PostgresJournal, given::append},
};

#[tokio::test]
async fn what_a_stream_and_a_receipt_are_taken_to_be_is_compared() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let mut receipted = next(1, 2);
    receipted.receipts = vec![receipt("a")];
    process.append(receipted).await.unwrap();

    // Behind, ahead, and new though it isn't: a hole in a stream is what the index would let in.
    for wrong in [next(1, 1), next(1, 5), append(1, "{}", 1), next(9, 2)] {
        process.is_refused(vec![append(5, "{}", 1), wrong.clone()]).await;
        let refused = process.append(wrong).await;
        assert!(matches!(refused, Err(AppendError::VersionConflict { .. })), "{refused:?}");
    }
    // One that is only relied on, as absent; and two of which the other is right.
    let mut relying = append(5, "{}", 1);
    relying.expected.push(Expected { stream: next(1, 0).events[0].stream, version: Version(0) });
    let mut behind = relying.clone();
    behind.expected[1].version = Version(2);
    for relying in [relying, behind] {
        process.is_refused(vec![relying.clone()]).await;
        let conflict = process.append(relying).await;
        assert!(matches!(conflict, Err(AppendError::VersionConflict { .. })), "{conflict:?}");
    }

    let mut again = append(5, "{}", 1);
    again.receipts = vec![receipt("a")];
    process.is_refused(vec![again.clone()]).await;
    let exists = process.append(again).await;
    assert!(matches!(exists, Err(AppendError::ReceiptExists(_))), "{exists:?}");
    assert_eq!(positions(&settings).await, [1, 2, 3]);
}

#[tokio::test]
async fn appends_of_one_flight_see_each_other() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let mut version = 2;
    loop {
        let mut first = next(1, version);
        first.receipts = vec![receipt(&version.to_string())];
        let mut repeated = first.clone();
        repeated.expected[0].version = Version(version + 1);
        let mut beginning = append(7, "{}", 1);
        beginning.begins = true;
        let batch = vec![first.clone(), next(1, version), repeated, beginning, next(1, version + 1)];
        let Some(outcome) = process.append_batch_at_once(batch).await else {
            // The machine stood still.
            process.append(first).await.unwrap();
            version += 1;
            continue;
        };
        assert!(outcome.failed.is_none());
        let [Ok(won), Err(lost), Err(repeated), Err(begun), Ok(followed)] = &outcome.answers[..] else {
            panic!("{:?}", outcome.answers)
        };
        assert_eq!((won[0].version.0, followed[0].version.0), (version + 1, version + 2));
        assert!(matches!(lost, AppendError::VersionConflict { actual, .. } if actual.0 == version + 1), "{lost:?}");
        assert!(matches!(repeated, AppendError::ReceiptExists(kept) if kept.position == won[0].position));
        assert!(matches!(begun, AppendError::NotEmpty(_)), "{begun:?}");
        break;
    }
    assert_eq!(positions(&settings).await, (1..=version + 2).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_not_remembered_takes_two_flights() {
    let server = Postgres::start();
    let (_, mut process) = alone(&server, "log").await;
    let elsewhere = of_workspace(2, append(5, "{}", 1));
    let mut releasing = append(6, "{}", 1);
    releasing.events[0].claims = vec![Claim::take("slug", "a"), Claim::release("slug", "b")];
    let mut counting = append(8, "{}", 1);
    let (plan, quota) = ("small".to_owned(), "posts_per_month".to_owned());
    counting.events[0].metadata.counted = Some(Box::new(Counted { plan, quota, amount: 1, most: 10 }));
    for unknown in [elsewhere.clone(), releasing, counting] {
        assert!(process.append_at_once(unknown).await.is_none());
        assert!(process.known.clock.latest().is_some(), "it was not even tried");
    }
    assert_eq!(process.append(elsewhere).await.unwrap()[0].workspace_number, 1);
}

#[tokio::test]
async fn a_name_is_taken_in_one_flight_and_by_one() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let naming = |stream, name: &str| {
        let mut naming = append(stream, "{}", 1);
        naming.events[0].claims = vec![Claim::take("slug", name)];
        naming
    };
    let mut receipted = naming(5, "a");
    receipted.receipts = vec![receipt("a")];
    let (mut stream, mut position) = (10, 2);
    // With a receipt and without, and both of two that want the same name at once; again where the machine stood still.
    for mut batch in [vec![receipted], vec![naming(6, "b"), naming(7, "b")]] {
        let answers = loop {
            if let Some(outcome) = process.append_batch_at_once(batch.clone()).await {
                break outcome.answers;
            }
            assert!(stream < 60, "the machine can't always stand still");
            process.append(append(stream, "{}", 1)).await.unwrap();
            (stream, position) = (stream + 1, position + 1);
        };
        position += 1;
        let won = answers[0].as_ref().unwrap();
        assert_eq!(won[0].position.0, position);
        if let Some(lost) = answers.get(1) {
            let holder = won[0].stream;
            assert!(matches!(lost, Err(AppendError::ClaimTaken { holder: by, .. }) if *by == holder), "{lost:?}");
        }
        // Who comes later, whatever comes with it.
        batch[0] = naming(8, &batch[0].events[0].claims[0].value);
        process.is_refused(vec![append(9, "{}", 1), batch[0].clone()]).await;
        let taken = process.append(batch.remove(0)).await;
        assert!(matches!(taken, Err(AppendError::ClaimTaken { .. })), "{taken:?}");
        // Knows again what the log is, and its own clock.
        process.append(append(stream, "{}", 1)).await.unwrap();
        (stream, position) = (stream + 1, position + 1);
    }
    let journal = PostgresJournal::open(&settings).await.unwrap();
    let held = journal.held_claims().await.unwrap().1;
    let held: Vec<_> = held.iter().map(|claim| (claim.value.as_str(), claim.holder.id.as_u128())).collect();
    assert_eq!(held, [("a", 5), ("b", 6)]);
    assert_eq!(positions(&settings).await, (1..=position).collect::<Vec<_>>());
}
