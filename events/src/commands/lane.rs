//! A lane: the commands of one stream, taken as they wait, decided in order, appended as one.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    CommandError, Committed, Loaded, Outcome, Streamed, decide,
    executor::{Shared, Sharing, Waiting, lock},
    new_events,
};
use crate::{
    ids::{Position, Version},
    journal::{Append, AppendError, Expected, NewEvent, StreamId},
    sabotage::{Mutant, mutated},
};

/// How many commands of one stream go into one append.
const MOST_TOGETHER: usize = 64;
/// How often a decision is made again because the stream moved.
const MOST_TRIES: u32 = 12;

/// Runs until nobody waits for the stream any more.
pub(super) async fn run<A>(shared: Arc<Shared<A>>, id: Uuid)
where
    A: Streamed,
    A::Command: Clone + Send + Sync,
    A::Error: Clone + Send,
{
    loop {
        let batch = {
            let mut lanes = lock(&shared.lanes);
            let Some(lane) = lanes.get_mut(&id) else { return };
            if lane.is_empty() {
                lanes.remove(&id);
                return;
            }
            // A receipt says where its append ended: nothing that comes after its own command may go with it.
            let receipted = lane.iter().take(MOST_TOGETHER).position(|waiting| waiting.request.receipt.is_some());
            let taken = receipted.map_or(lane.len().min(MOST_TOGETHER), |at| at + 1);
            let rest = lane.split_off(taken);
            std::mem::replace(lane, rest)
        };
        carry_out(&shared, id, batch).await;
    }
}

/// A command with what was decided of it.
struct Decided<A: Streamed> {
    waiting: Waiting<A>,
    answer: Outcome<A>,
}

async fn carry_out<A>(shared: &Shared<A>, id: Uuid, batch: Vec<Waiting<A>>)
where
    A: Streamed,
    A::Command: Clone + Send + Sync,
    A::Error: Clone + Send,
{
    let mut singly = match together(shared, id, batch).await {
        Ok(()) => return,
        Err(batch) => batch,
    };
    for waiting in singly.drain(..) {
        // A batch of one is always answered.
        let answered = together(shared, id, vec![waiting]).await;
        debug_assert!(answered.is_ok(), "a batch of one is answered");
    }
}

/// Decides and appends a batch. Gives it back where one of several can't be appended: they are to be replayed singly.
async fn together<A>(shared: &Shared<A>, id: Uuid, mut batch: Vec<Waiting<A>>) -> Result<(), Vec<Waiting<A>>>
where
    A: Streamed,
    A::Command: Clone + Send + Sync,
    A::Error: Clone + Send,
{
    let mut tries = 0;
    // What is remembered may be out of date where others append. An append finds out; what appends nothing would not.
    let mut remembered = shared.memory.get(id);
    let is_guessed = remembered.is_none() && batch.iter().any(|waiting| waiting.begins);
    if is_guessed {
        remembered = Some(Loaded::default());
    }
    loop {
        let look = shared.memory.look(id);
        let is_certain = remembered.is_none() || (shared.sharing == Sharing::Alone && !is_guessed);
        let loaded = match remembered.take() {
            Some(loaded) => Ok(loaded),
            None => shared.load(id).await,
        };
        let mut loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                answer_all(batch, &CommandError::from(error));
                return Ok(());
            }
        };
        let from = loaded.version;
        let (decided, append) = decide_all(shared, id, &mut loaded, batch).await;
        let Some(append) = append else {
            if is_certain {
                answer(decided, &[]);
                return Ok(());
            }
            batch = decided.into_iter().map(|it| it.waiting).collect();
            continue;
        };
        let error = match shared.journal.append(append).await {
            Ok(recorded) => {
                if let Some(last) = recorded.last() {
                    loaded.position = last.position;
                    loaded.workspace = Some(last.workspace);
                }
                look.remember(&loaded);
                let positions: Vec<_> = recorded.iter().map(|it| (it.version, it.position)).collect();
                answer(decided, &positions);
                return Ok(());
            }
            Err(error) => error,
        };
        batch = decided.into_iter().map(|it| it.waiting).collect();
        let is_behind = matches!(error, AppendError::VersionConflict { actual, .. } if actual > from);
        if is_behind && !is_certain && !mutated(Mutant::DropOnConflict) {
            // Others went on from what is remembered: what is missing is read, and no try was lost.
            continue;
        }
        shared.memory.forget(id);
        tries += 1;
        match error {
            AppendError::VersionConflict { .. } if tries < MOST_TRIES && !mutated(Mutant::DropOnConflict) => {
                tracing::debug!(stream = %StreamId::new(A::KIND, id), version = %from, "decided on an old version");
                tokio::time::sleep(Duration::from_millis(u64::from(tries))).await;
            }
            error if batch.len() > 1 && concerns_one(&error) => return Err(batch),
            error => {
                answer_all(batch, &CommandError::from(error));
                return Ok(());
            }
        }
    }
}

/// Decides each on the state that the ones before it leave. Answers wait for the commit: what is refused may be refused
/// because of a decision that is not stored yet.
async fn decide_all<A>(
    shared: &Shared<A>,
    id: Uuid,
    loaded: &mut Loaded<A>,
    batch: Vec<Waiting<A>>,
) -> (Vec<Decided<A>>, Option<Append>)
where
    A: Streamed,
    A::Command: Clone + Send + Sync,
    A::Error: Clone + Send,
{
    let stream = StreamId::new(A::KIND, id);
    let from = loaded.version;
    let mut workspace = loaded.workspace;
    let mut events: Vec<NewEvent> = Vec::new();
    let mut receipts = Vec::new();
    let mut decided = Vec::with_capacity(batch.len());
    for waiting in batch {
        let request = &waiting.request;
        if workspace.is_some_and(|owner| owner != request.workspace) {
            decided.push(Decided { waiting, answer: Err(CommandError::NotFound) });
            continue;
        }
        let outcome = decide(loaded.state.as_ref(), request.command.clone(), &shared.services).await;
        let made = outcome.map_err(CommandError::Refused).and_then(|(made, state)| {
            let written = new_events::<A>(id, &made, &request.metadata, shared.clock.now());
            written.map(|written| (made, written, state)).map_err(CommandError::Unreadable)
        });
        let answer = made.map(|(made, written, state)| {
            if !made.is_empty() {
                workspace = Some(request.workspace);
                receipts.extend(request.receipt.clone());
                loaded.begun_by.get_or_insert_with(|| request.metadata.actor.clone());
            }
            events.extend(written);
            let state = Arc::new(state);
            loaded.state = Arc::clone(&state);
            loaded.version = Version(from.0 + events.len() as u64);
            let (version, position, begun_by) = (loaded.version, loaded.position, loaded.begun_by.clone());
            Committed { events: made, state, version, position, begun_by }
        });
        decided.push(Decided { waiting, answer });
    }
    let append = workspace.filter(|_| !events.is_empty()).map(|workspace| Append {
        workspace,
        expected: vec![Expected { stream, version: from }],
        events,
        receipts,
        begins: false,
    });
    (decided, append)
}

fn answer<A: Streamed>(decided: Vec<Decided<A>>, positions: &[(Version, Position)]) {
    for Decided { waiting, answer } in decided {
        let answer = answer.map(|mut committed| {
            if let Some((_, position)) = positions.iter().rev().find(|(version, _)| *version <= committed.version) {
                committed.position = *position;
            }
            committed
        });
        // Who hung up needs no answer: the command is carried out all the same.
        let _ = waiting.reply.send(answer);
    }
}

fn answer_all<A>(batch: Vec<Waiting<A>>, error: &CommandError<A::Error>)
where
    A: Streamed,
    A::Error: Clone,
{
    for waiting in batch {
        let _ = waiting.reply.send(Err(error.clone()));
    }
}

/// Whether an error comes of one command among several.
fn concerns_one(error: &AppendError) -> bool {
    match error {
        AppendError::ClaimTaken { .. }
        | AppendError::ReceiptExists(_)
        | AppendError::QuotaExceeded(_)
        | AppendError::NotEmpty(_)
        | AppendError::Refused(_) => true,
        AppendError::VersionConflict { .. } | AppendError::QueueFull | AppendError::Unavailable(_) => false,
    }
}
