//! Many appends at once, large ones, and ones that can't go in.

use std::{collections::HashSet, sync::Arc};

use super::given::{Log, append, claiming, post, receipt};
use crate::{
    ids::{EventId, Position},
    journal::{Actor, Append, AppendError, Claim},
};

/// Appends that no log takes; `stored` is the name of an event that it has.
fn poisons(stored: EventId) -> Vec<Append> {
    let base = || append(post(900), 0, 2);
    let changed = |change: fn(&mut Append)| {
        let mut append = base();
        change(&mut append);
        append
    };
    let mut twice_in_the_log = base();
    twice_in_the_log.events[1].id = stored;
    vec![
        changed(|append| append.events.clear()),
        changed(|append| append.expected.clear()),
        changed(|append| append.events[1].stream = post(901)),
        changed(|append| append.expected.push(append.expected[0])),
        changed(|append| append.events[1].id = append.events[0].id),
        changed(|append| append.events[0].payload.push('\0')),
        changed(|append| append.events[0].payload.push_str("\\u0000")),
        changed(|append| append.events[0].event_type.push('\0')),
        changed(|append| append.events[1].metadata.actor = Actor::of("key\0")),
        changed(|append| append.events[1].claims = vec![Claim::take("slug", "\0")]),
        changed(|append| append.receipts = vec![receipt("\0", post(900))]),
        changed(|append| append.receipts = vec![receipt("a", post(900)), receipt("a", post(900))]),
        twice_in_the_log,
    ]
}

pub(super) async fn a_poisoned_append_fails_alone(log: Log) {
    let stored = log.put(append(post(800), 0, 1)).await[0].id;
    let (mut good, mut poisoned) = (Vec::new(), Vec::new());
    for (number, poison) in (0..).zip(poisons(stored)) {
        for offset in [0, 500] {
            let journal = Arc::clone(&log.journal);
            good.push(tokio::spawn(async move { journal.append(append(post(number + offset), 0, 2)).await }));
        }
        let journal = Arc::clone(&log.journal);
        poisoned.push(tokio::spawn(async move { journal.append(poison).await }));
    }
    for append in poisoned {
        let answer = append.await.expect("the task ends");
        assert!(matches!(answer, Err(AppendError::Refused(_))), "{answer:?}");
    }
    let mut events = 1;
    for append in good {
        events += append.await.expect("the task ends").expect("a good append goes in").len();
    }
    assert_eq!(log.all().await.len(), events);
    // The stream that the poisons named is as it was.
    log.put(append(post(900), 0, 1)).await;
}

pub(super) async fn what_fails_leaves_no_hole(log: Log) {
    let stored = log.put(claiming(post(1), 0, vec![Claim::take("slug", "a")])).await[0].id;
    let mut next = Position(2);
    for (number, poison) in (2..).zip(poisons(stored)) {
        assert!(matches!(log.refuse(poison).await, AppendError::Refused(_)));
        assert!(matches!(log.refuse(append(post(1), 0, 3)).await, AppendError::VersionConflict { .. }));
        let taken = claiming(post(number), 0, vec![Claim::take("slug", "a")]);
        assert!(matches!(log.refuse(taken).await, AppendError::ClaimTaken { .. }));
        let recorded = log.put(append(post(number), 0, 1)).await;
        assert_eq!((recorded[0].position, recorded[0].workspace_number), (next, next.0));
        next = next.next();
    }
    log.all().await;
}

pub(super) async fn a_large_append_is_one(log: Log) {
    let (large, small) =
        tokio::join!(log.journal.append(append(post(1), 0, 5_000)), log.journal.append(append(post(2), 0, 1)));
    let large = large.expect("the large append goes in");
    small.expect("the small append goes in");
    assert_eq!(large.len(), 5_000);
    assert!(large.windows(2).all(|pair| pair[1].position == pair[0].position.next()), "its events stand together");
    assert_eq!(log.all().await.len(), 5_001);
}

/// More events than an engine takes into one batch, so that some wait for the next.
pub(super) async fn five_hundred_appends_at_once_all_go_in(log: Log) {
    let appends: Vec<_> = (0..500)
        .map(|number| {
            let journal = Arc::clone(&log.journal);
            tokio::spawn(async move { journal.append(append(post(number), 0, 1 + number as usize % 16)).await })
        })
        .collect();
    let mut acknowledged = HashSet::new();
    for (number, append) in appends.into_iter().enumerate() {
        let recorded = append.await.expect("the task ends").expect("the append goes in");
        assert_eq!(recorded.len(), 1 + number % 16);
        assert!(recorded.windows(2).all(|pair| pair[1].position == pair[0].position.next()));
        acknowledged.extend(recorded.iter().map(|event| event.id));
    }
    let stored: HashSet<_> = log.all().await.iter().map(|event| event.id).collect();
    assert_eq!(stored, acknowledged);
}
