//! Unique names.

use std::sync::Arc;

use super::given::{Log, append, claiming, event, post, workspace};
use crate::{
    ids::{Position, Version},
    journal::{AppendError, Claim, Expected, HeldClaim, Holders, StreamId},
};

const KIND: &str = "account";
const NAME: &str = "mastodon.social/@büro";

fn take() -> Vec<Claim> {
    vec![Claim::take(KIND, NAME)]
}

fn release() -> Vec<Claim> {
    vec![Claim::release(KIND, NAME)]
}

pub(super) async fn a_name_is_held_by_one_stream_until_it_is_released(log: Log) {
    assert_eq!(holder(&log).await, None);
    let recorded = log.put(claiming(post(1), 0, take())).await;
    assert_eq!(recorded[0].claims, take());
    assert_eq!(holder(&log).await, Some(post(1)));
    assert_taken(&log.refuse(claiming(post(2), 0, take())).await, post(1));
    // Neither another kind, another name nor another workspace is concerned.
    log.put(claiming(post(3), 0, vec![Claim::take("slug", NAME), Claim::take(KIND, "mastodon.social/@buero")])).await;
    let mut elsewhere = claiming(post(4), 0, take());
    elsewhere.workspace = workspace(2);
    log.put(elsewhere).await;
    assert_eq!(holder(&log).await, Some(post(1)));
    // Who holds it may take it again; who doesn't can't release it.
    log.put(claiming(post(1), 1, take())).await;
    log.put(claiming(post(2), 0, release())).await;
    assert_taken(&log.refuse(claiming(post(2), 1, take())).await, post(1));

    log.put(claiming(post(1), 2, release())).await;
    assert_eq!(holder(&log).await, None);
    log.put(claiming(post(2), 1, take())).await;
    assert_eq!(holder(&log).await, Some(post(2)));
    assert_taken(&log.refuse(claiming(post(1), 3, take())).await, post(2));
    let log = log.reopen().await;
    assert_taken(&log.refuse(claiming(post(1), 3, take())).await, post(2));
}

pub(super) async fn one_of_many_takers_gets_the_name(log: Log) {
    let takers: Vec<_> = (0..40)
        .map(|number| {
            let journal = Arc::clone(&log.journal);
            tokio::spawn(async move { journal.append(claiming(post(number), 0, take())).await })
        })
        .collect();
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for taker in takers {
        match taker.await.expect("the task ends") {
            Ok(recorded) => winners.push(recorded[0].stream),
            Err(error) => losers.push(error),
        }
    }
    let [winner] = winners[..] else { panic!("{} streams hold one name", winners.len()) };
    for error in &losers {
        assert_taken(error, winner);
    }
    assert_eq!(holder(&log).await, Some(winner));
    assert_eq!(log.all().await.len(), 1);
}

pub(super) async fn a_name_moves_within_one_append(log: Log) {
    log.put(claiming(post(1), 0, take())).await;
    let both = |first: Vec<Claim>, second: Vec<Claim>| {
        let mut both = append(post(1), 1, 1);
        both.expected.push(Expected { stream: post(2), version: Version(0) });
        both.events.push(event(post(2)));
        both.events[0].claims = first;
        both.events[1].claims = second;
        both
    };
    let mut backwards = both(release(), take());
    backwards.events.reverse();
    assert_taken(&log.refuse(backwards).await, post(1));
    log.put(both(release(), take())).await;
    assert_eq!(holder(&log).await, Some(post(2)));
    // Taken and released at once, it is free for the next, also within a batch.
    let (fleeting, next) = tokio::join!(
        log.journal.append(claiming(post(2), 1, release())),
        log.journal.append(claiming(post(3), 0, take())),
    );
    fleeting.expect("the holder releases");
    next.expect("the next takes");
    assert_eq!(holder(&log).await, Some(post(3)));
}

pub(super) async fn the_table_is_what_the_events_say(log: Log) {
    log.put(claiming(post(1), 0, take())).await;
    log.put(claiming(post(1), 1, take())).await;
    log.put(claiming(post(2), 0, release())).await;
    log.put(claiming(post(3), 0, vec![Claim::take("slug", NAME), Claim::take(KIND, "other")])).await;
    log.refuse(claiming(post(4), 0, take())).await;
    let mut elsewhere = claiming(post(5), 0, take());
    elsewhere.workspace = workspace(2);
    log.put(elsewhere).await;
    log.put(claiming(post(3), 1, vec![Claim::release("slug", NAME), Claim::take(KIND, "third")])).await;
    let mut folded = Holders::default();
    for event in log.all().await {
        folded.fold(&event).expect("a name that is free");
    }
    let (position, held) = log.journal.held_claims().await.expect("the claims read");
    assert_eq!((position, held.len(), folded.len()), (log.head().await.position, 4, 4), "{held:?}");
    assert_eq!(folded.differences(&held), Vec::<String>::new());
    let mut other = held.clone();
    (other[0].holder, other[1].position) = (post(9), Position(9));
    let strange = other.pop().expect("the last");
    other.push(HeldClaim { kind: "strange".to_owned(), ..strange });
    assert_eq!(folded.differences(&other).len(), 4, "two that differ, one that is strange, one that is lost");
}

async fn holder(log: &Log) -> Option<StreamId> {
    log.journal.holder(workspace(1), KIND, NAME).await.expect("the claims read")
}

#[track_caller]
fn assert_taken(error: &AppendError, by: StreamId) {
    match error {
        AppendError::ClaimTaken { kind, value, holder } => {
            assert_eq!((kind.as_str(), value.as_str(), *holder), (KIND, NAME, by));
        }
        other => panic!("not a claim that is taken: {other:?}"),
    }
}
