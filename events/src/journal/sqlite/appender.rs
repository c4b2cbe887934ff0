//! The task that carries appends to the writer in batches.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::batch;
use crate::{
    clock::SharedClock,
    db::Sqlite,
    journal::{
        AppendError,
        queue::{BATCH_EVENTS, Queue, Tally, Waiting},
    },
};

/// Starts the task; it ends when nobody can queue an append any more and all that waited is carried out.
pub(super) fn start(db: Sqlite, clock: SharedClock, tally: Arc<Tally>) -> Queue {
    let (queue, waiting) = Queue::new(Arc::clone(&tally));
    tokio::spawn(carry(db, clock, tally, waiting));
    queue
}

async fn carry(db: Sqlite, clock: SharedClock, tally: Arc<Tally>, mut queue: mpsc::Receiver<Waiting>) {
    let mut held = None;
    loop {
        let first = match held.take() {
            Some(waiting) => waiting,
            None => match queue.recv().await {
                Some(waiting) => waiting,
                None => return,
            },
        };
        let turn = match db.turn().await {
            Ok(turn) => turn,
            Err(error) => {
                drop(first.answer.send(Err(AppendError::Unavailable(error.to_string()))));
                continue;
            }
        };
        // Only now: what came while the writer was busy shares this transaction.
        let mut batch = vec![first];
        held = fill(&mut batch, &mut queue);
        let (clock, tally) = (Arc::clone(&clock), Arc::clone(&tally));
        if let Err(error) = turn.run_whole(move |connection| batch::run(connection, &clock, &tally, batch)).await {
            // Its callers hear it by their answers' ends being dropped.
            tracing::error!(%error, "a batch of appends was lost");
        }
    }
}

/// Takes what waits until the batch is full; gives back the append that no longer fitted.
fn fill(batch: &mut Vec<Waiting>, queue: &mut mpsc::Receiver<Waiting>) -> Option<Waiting> {
    let mut events: usize = batch.iter().map(|waiting| waiting.append.events.len()).sum();
    while events < BATCH_EVENTS {
        let waiting = queue.try_recv().ok()?;
        events += waiting.append.events.len();
        if events > BATCH_EVENTS {
            return Some(waiting);
        }
        batch.push(waiting);
    }
    None
}
