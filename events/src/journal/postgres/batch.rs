//! One transaction for a batch of appends: load what they concern, decide in memory, write, commit. Where nobody else
//! appends, what they concern is known already ([`single`]).

use chrono::{DateTime, Utc};

use super::{
    columns::{Changes, Events},
    concerns::Concerns,
    failure::Failure,
    known::Known,
    link::Link,
    single,
};
use crate::{
    ids::{EventId, Position},
    journal::queue::{Answer, Waiting},
    sabotage::{CrashPoint, crash_at},
};

/// A batch as it was decided, and committed unless [`Outcome::failed`] says otherwise.
pub(super) struct Outcome {
    /// One for each append, in order.
    pub(super) answers: Vec<Answer>,
    /// What became of the log, if anything was to be stored.
    pub(super) advanced: Option<Advanced>,
    /// The flight with the commit went wrong.
    pub(super) failed: Option<Failure>,
}

/// Where a batch took the log.
pub(super) struct Advanced {
    /// The batch's first event and its place: where it is, all are.
    pub(super) first: (Position, EventId),
    /// The last event's position.
    pub(super) head: Position,
    /// How many events there are.
    pub(super) events: u64,
    /// After this the database lets the batch in no more, wherever it still is on its way; `None` where it has the lock.
    pub(super) until: Option<DateTime<Utc>>,
}

/// Carries out a batch. An error means that nothing was decided and nothing stored. `heard` is the last position that
/// anybody told of.
pub(super) async fn attempt(
    link: &mut Link,
    known: &mut Known,
    heard: Position,
    batch: &[Waiting],
) -> Result<Outcome, Failure> {
    if let Some(outcome) = single::attempt(link, known, heard, batch).await {
        return Ok(outcome);
    }
    let (mut ledger, now) = link.begin(&Concerns::of(batch), &mut known.clock).await?;
    let before = ledger.frontier.clone();
    let answers: Vec<Answer> = batch.iter().map(|waiting| ledger.admit(&waiting.append, now)).collect();
    let Some(first) = answers.iter().flatten().flatten().next().map(|event| (event.position, event.id)) else {
        // Nobody won, and the answers hold whatever becomes of a transaction that wrote nothing.
        return Ok(Outcome { answers, advanced: None, failed: link.roll_back().await.err() });
    };
    let advanced = Advanced { first, head: ledger.position, events: ledger.position.0 - before.size(), until: None };
    let events = Events::of(answers.iter().flatten().flatten().map(AsRef::as_ref))?;
    crash_at(CrashPoint::MidBatch);
    let failed = link.commit(&events, &Changes::of(&ledger)).await.err();
    drop(events);
    if failed.is_none() {
        known.left(&before, ledger);
    }
    Ok(Outcome { answers, advanced: Some(advanced), failed })
}
