//! A log that comes back from an export.

use chrono::Duration;

use super::given::{Log, append, claiming, event, post, start, workspace};
use crate::{
    ids::{Epoch, Position, Version},
    journal::{Actor, Append, AppendError, Claim, Expected, Hash, Metadata, NewEvent, Recorded, RestoreError},
    log::{EpochStarted, LogEvent, STREAM},
    merkle::{Leaf, leaf_hash},
    stored::StoredEvent,
};

pub(super) async fn a_log_comes_back_as_it_was_recorded(log: Log) {
    history(&log).await;
    let (events, head) = (log.all().await, log.head().await);
    let copy = log.beside("a_copy").await;
    let mut followed = copy.journal.watch();
    let mut restoring = copy.journal.restore().await.expect("an empty log");
    for part in events.chunks(3) {
        restoring.take(part.to_vec()).await.expect("each follows");
    }
    assert_eq!(restoring.finish(head.position, head.root).await.expect("the end"), head);
    followed.wait_for(|at| *at == head.position).await.expect("who follows is told");

    for copy in [&copy, &copy.beside("a_copy").await] {
        assert_eq!(copy.all().await, events);
        assert_eq!(copy.head().await, head);
        assert_eq!(copy.journal.held_claims().await.expect("claims"), log.journal.held_claims().await.expect("claims"));
        let (own, first) = (copy.journal.workspace_numbers().await, log.journal.workspace_numbers().await);
        assert_eq!(own.expect("numbers"), first.expect("numbers"));
        let stream = post(1);
        let read = copy.journal.read_stream(stream, Version(1), 10).await.expect("the stream reads");
        assert_eq!(read, log.journal.read_stream(stream, Version(1), 10).await.expect("the stream reads"));
    }

    let taken = copy.refuse(claiming(post(7), 0, vec![Claim::take("account", "held")])).await;
    assert!(matches!(taken, AppendError::ClaimTaken { holder, .. } if holder == post(1)), "{taken:?}");
    let next = copy.put(append(post(1), 3, 1)).await;
    let last = events.last().expect("events");
    assert_eq!((next[0].position, next[0].version), (last.position.next(), Version(4)));
    assert!(next[0].recorded_at > last.recorded_at);
    let again = copy.journal.restore().await.err();
    assert!(matches!(again, Some(RestoreError::NotEmpty(_))), "{again:?}");
}

pub(super) async fn what_is_not_finished_leaves_nothing(log: Log) {
    history(&log).await;
    let (events, head) = (log.all().await, log.head().await);
    let mut copy = log.beside("an_unfinished_copy").await;
    let empty = copy.head().await;
    for given_up in [events.len(), 4] {
        let mut restoring = copy.journal.restore().await.expect("an empty log");
        restoring.take(events[..given_up].to_vec()).await.expect("each follows");
        drop(restoring);
        copy = copy.reopen().await;
        assert_eq!((copy.head().await, copy.all().await.len()), (empty.clone(), 0));
    }
    for (size, root) in [(head.position, Hash([7; 32])), (head.position.next(), head.root), (Position(0), head.root)] {
        let mut restoring = copy.journal.restore().await.expect("an empty log");
        restoring.take(events.clone()).await.expect("each follows");
        let other = restoring.finish(size, root).await;
        assert!(matches!(other, Err(RestoreError::OtherEnd(_))), "{other:?}");
        assert_eq!(copy.head().await, empty);
    }
    assert!(copy.journal.held_claims().await.expect("claims").1.is_empty());
    assert!(copy.journal.workspace_numbers().await.expect("numbers").is_empty());
    // It is as good as one that was never touched.
    assert_eq!(copy.put(append(post(1), 0, 1)).await[0].position, Position(1));
}

pub(super) async fn a_log_that_holds_something_is_left_alone(log: Log) {
    history(&log).await;
    let before = log.all().await;
    let refused = log.journal.restore().await.err();
    assert!(matches!(refused, Some(RestoreError::NotEmpty(at)) if at == before.last().expect("events").position));
    assert_eq!(log.all().await, before);
}

/// Something to change about an event, and whether its leaf is made anew for it.
type Change = (&'static str, bool, fn(&mut Recorded));

pub(super) async fn an_event_that_does_not_follow_is_refused(log: Log) {
    history(&log).await;
    let (events, head) = (log.all().await, log.head().await);
    let copy = log.beside("a_strict_copy").await;
    let changes: [Change; 9] = [
        ("a payload", false, |event| event.payload.push(' ')),
        ("a position", true, |event| event.position = event.position.next()),
        ("an earlier time", true, |event| event.recorded_at -= Duration::days(1)),
        ("a time too fine", true, |event| event.recorded_at += Duration::nanoseconds(1)),
        ("a version", true, |event| event.version = event.version.next()),
        ("a number", true, |event| event.workspace_number += 1),
        ("a workspace", true, |event| event.workspace = workspace(77)),
        ("a stream", true, |event| event.stream = post(78)),
        ("another's name", true, |event| event.claims.push(Claim::take("account", "held"))),
    ];
    for (what, leaf_anew, change) in changes {
        let mut altered = events.clone();
        let at =
            altered.iter().position(|event| event.stream == post(3)).expect("a second event of another stream") + 1;
        change(&mut altered[at]);
        if leaf_anew {
            altered[at].leaf_hash = leaf_hash(&Leaf::of(&altered[at]));
        }
        let mut restoring = copy.journal.restore().await.expect("an empty log");
        let refused = restoring.take(altered.clone()).await;
        assert!(
            matches!(&refused, Err(RestoreError::Unfit { position, .. }) if *position == altered[at].position),
            "{what}: {refused:?}"
        );
        assert!(restoring.finish(head.position, head.root).await.is_err(), "{what}: it goes on after a refusal");
        assert_eq!(copy.head().await.position, Position(0), "{what}");
    }
    let mut doubled = events;
    doubled[1].id = doubled[0].id;
    doubled[1].leaf_hash = leaf_hash(&Leaf::of(&doubled[1]));
    let mut restoring = copy.journal.restore().await.expect("an empty log");
    assert!(restoring.take(doubled).await.is_err(), "two events of one id");
    assert!(restoring.finish(head.position, head.root).await.is_err());
}

pub(super) async fn an_epoch_follows_the_one_before(log: Log) {
    log.put(append(post(1), 0, 1)).await;
    for (number, began) in [(2, true), (2, false), (4, false), (1, false), (3, true)] {
        let version = log.journal.read_stream(STREAM, Version(0), 10).await.expect("it reads").len() as u64;
        let before = log.head().await.epoch;
        if began {
            log.put(epoch(number, version)).await;
            assert_eq!(log.head().await.epoch, Epoch(number));
        } else {
            let refused = log.refuse(epoch(number, version)).await;
            assert!(matches!(refused, AppendError::Refused(_)), "{number} after {before}: {refused:?}");
        }
    }
    let log = log.reopen().await;
    assert_eq!(log.head().await.epoch, Epoch(3));
    log.put(append(post(1), 1, 1)).await;
    assert_eq!(log.head().await.epoch, Epoch(3));
}

fn epoch(number: u64, version: u64) -> Append {
    let began = LogEvent::EpochStarted(EpochStarted { epoch: Epoch(number), last_checkpoint: None, at: start() });
    let event = NewEvent {
        event_type: began.name().to_owned(),
        schema: began.schema(),
        payload: began.payload().expect("it is JSON"),
        metadata: Metadata::by(Actor::operator()),
        ..event(STREAM)
    };
    let expected = vec![Expected { stream: STREAM, version: Version(version) }];
    Append { workspace: workspace(0), expected, events: vec![event], receipts: vec![], begins: false }
}

/// Several streams in several workspaces, names that are held, given back and passed on, and a second epoch.
async fn history(log: &Log) {
    log.put(claiming(post(1), 0, vec![Claim::take("account", "held"), Claim::take("account", "given")])).await;
    log.put(append(post(1), 1, 1)).await;
    let mut other = append(post(2), 0, 2);
    other.workspace = workspace(2);
    other.events[1].claims = vec![Claim::take("account", "held")];
    log.put(other).await;
    log.put(claiming(post(1), 2, vec![Claim::release("account", "given")])).await;
    log.put(epoch(2, 0)).await;
    log.put(append(post(3), 0, 2)).await;
    log.put(claiming(post(4), 0, vec![Claim::take("account", "given")])).await;
}
