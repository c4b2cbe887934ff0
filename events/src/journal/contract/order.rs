//! Positions, times and workspaces' numbers.

use std::{collections::HashMap, sync::Arc};

use chrono::Duration;

use super::given::{Chance, Log, append, event, post, workspace};
use crate::{
    ids::{EventId, Position, Version},
    journal::{AppendError, Claim, Expected, Journal, NewEvent, Recorded, owned},
};

const WRITERS: u64 = 16;
const APPENDS: u64 = 30;

/// The failure this is against: a later position shows before an earlier one, and a tail that has passed never sees it.
pub(super) async fn a_follower_sees_every_event_of_sixteen_writers_once_and_in_order(log: Log) {
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(Arc::clone(&log.journal), writer))).collect();
    let expected = WRITERS * APPENDS * 2;
    let follower = tokio::spawn(follow(Arc::clone(&log.journal), expected));

    let mut acknowledged = HashMap::<EventId, Recorded>::new();
    for writer in writers {
        for event in writer.await.expect("the writer ends") {
            assert!(acknowledged.insert(event.id, event).is_none(), "an event is acknowledged once");
        }
    }
    let seen = follower.await.expect("the follower ends");
    assert_eq!(seen.len() as u64, expected);
    assert_eq!(seen, log.all().await);
    for event in &seen {
        assert_eq!(acknowledged.get(&event.id), Some(event), "what is read is what was acknowledged");
    }
    assert!(seen.is_sorted_by(|before, after| before.recorded_at < after.recorded_at));
}

async fn write(journal: Arc<dyn Journal>, writer: u64) -> Vec<Recorded> {
    let mut chance = Chance::seeded(writer);
    let mut acknowledged = Vec::new();
    let stream = post(u128::from(writer));
    for number in 0..APPENDS {
        chance.pause().await;
        let recorded = journal.append(append(stream, number * 2, 2)).await.expect("the append goes in");
        acknowledged.extend(owned(recorded));
    }
    acknowledged
}

/// Reads on after every announcement, as a projection does, until it has seen so many events.
async fn follow(journal: Arc<dyn Journal>, until: u64) -> Vec<Recorded> {
    let mut chance = Chance::seeded(u64::MAX);
    let mut announced = journal.watch();
    let mut seen: Vec<Recorded> = Vec::new();
    while (seen.len() as u64) < until {
        let after = Position(seen.len() as u64);
        announced.wait_for(|position| *position > after).await.expect("the journal lives");
        let limit = 1 + chance.below(50) as usize;
        for event in journal.read(after, limit).await.expect("the log has no hole") {
            assert_eq!(event.position, Position(seen.len() as u64 + 1));
            seen.push(event);
        }
    }
    seen
}

pub(super) async fn times_rise_though_the_clock_stands(log: Log) {
    let began = log.now().await;
    let first = log.put(append(post(1), 0, 3)).await;
    assert!(first[0].recorded_at >= began);
    log.put(append(post(2), 0, 2)).await;
    log.clock.advance(Duration::hours(1));
    let later = log.now().await;
    let last = log.put(append(post(1), 3, 1)).await;
    assert!((later..=log.now().await).contains(&last[0].recorded_at), "times are those of the log's clock");
    let events = log.all().await;
    assert!(events.is_sorted_by(|before, after| before.recorded_at < after.recorded_at));
    assert_eq!(log.head().await.recorded_at, events.last().map(|event| event.recorded_at));
    for event in &events {
        assert_eq!(event.recorded_at.timestamp_subsec_nanos() % 1_000, 0, "times are whole microseconds");
    }
}

pub(super) async fn workspaces_count_their_own_events(log: Log) {
    let (mut appends, mut refusals) = (Vec::new(), Vec::new());
    let mut refused = append(post(9_000), 7, 1);
    // Loses beside the others; its workspace stays without events.
    refused.workspace = workspace(9);
    for number in 0..60 {
        let mut append = append(post(number), 0, 1 + number as usize % 3);
        append.workspace = workspace(number % 4);
        let journal = Arc::clone(&log.journal);
        appends.push(tokio::spawn(async move { journal.append(append).await }));
        let (journal, refused) = (Arc::clone(&log.journal), refused.clone());
        refusals.push(tokio::spawn(async move { journal.append(refused).await }));
    }
    for append in appends {
        append.await.expect("the task ends").expect("the append goes in");
    }
    for refusal in refusals {
        assert!(refusal.await.expect("the task ends").is_err());
    }
    let mut last = HashMap::new();
    for event in log.all().await {
        let number = last.entry(event.workspace).or_insert(0);
        *number += 1;
        assert_eq!(event.workspace_number, *number, "dense within its workspace");
    }
    let numbers = log.journal.workspace_numbers().await.expect("the numbers read");
    assert!(numbers.is_sorted_by(|(before, _), (after, _)| before < after));
    assert_eq!(numbers.into_iter().collect::<HashMap<_, _>>(), last);
}

pub(super) async fn an_event_may_belong_to_another_workspace_than_its_append(log: Log) {
    log.put(append(post(9), 0, 1)).await;
    let mut across = append(post(1), 0, 2);
    across.expected.push(Expected { stream: post(2), version: Version(0) });
    let take = || vec![Claim::take("email", "ada@example.com")];
    across.events.push(NewEvent { workspace: Some(workspace(2)), claims: take(), ..event(post(2)) });
    let stored = log.put(across).await;
    let counted: Vec<_> = stored.iter().map(|event| (event.workspace, event.workspace_number)).collect();
    assert_eq!(counted, [(workspace(1), 2), (workspace(1), 3), (workspace(2), 1)]);
    assert_eq!(log.all().await[1..], stored);
    // A name is taken where its event belongs, and nowhere else.
    let held =
        async |number| log.journal.holder(workspace(number), "email", "ada@example.com").await.expect("it reads");
    assert_eq!((held(1).await, held(2).await), (None, Some(post(2))));
    let mut again = append(post(3), 0, 1);
    again.events[0] = NewEvent { workspace: Some(workspace(2)), claims: take(), ..event(post(3)) };
    let refused = log.refuse(again).await;
    assert!(matches!(refused, AppendError::ClaimTaken { holder, .. } if holder == post(2)), "{refused}");
}
