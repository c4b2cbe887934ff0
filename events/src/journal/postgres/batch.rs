//! One transaction for a batch of appends: load what they concern, decide in memory, write, commit.

use super::{
    columns::{Changes, Events},
    concerns::Concerns,
    failure::Failure,
    link::Link,
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
    /// The batch's first event: where it is, all are.
    pub(super) first: EventId,
    /// The last event's position.
    pub(super) head: Position,
    /// How many events there are.
    pub(super) events: u64,
}

/// Carries out a batch. An error means that nothing was decided and nothing stored.
pub(super) async fn attempt(link: &Link, batch: &[Waiting]) -> Result<Outcome, Failure> {
    let (mut ledger, now) = link.begin(&Concerns::of(batch)).await?;
    let before = ledger.position;
    let answers: Vec<Answer> = batch.iter().map(|waiting| ledger.admit(&waiting.append, now)).collect();
    let Some(first) = answers.iter().flatten().flatten().next().map(|event| event.id) else {
        // Nobody won, and the answers hold whatever becomes of a transaction that wrote nothing.
        return Ok(Outcome { answers, advanced: None, failed: link.roll_back().await.err() });
    };
    let advanced = Advanced { first, head: ledger.position, events: ledger.position.0 - before.0 };
    let events = Events::of(answers.iter().flatten().flatten())?;
    crash_at(CrashPoint::MidBatch);
    let failed = link.commit(&events, &Changes::of(&ledger)).await.err();
    drop(events);
    Ok(Outcome { answers, advanced: Some(advanced), failed })
}
