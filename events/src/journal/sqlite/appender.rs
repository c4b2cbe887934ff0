//! The queue in which appends meet, and the task that carries them to the writer in batches.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::batch::{self, Answer, Waiting};
use crate::{
    clock::SharedClock,
    db::Sqlite,
    ids::Position,
    journal::{Append, AppendError, AppendObserver},
};

/// Appends that may wait.
const QUEUE: usize = 4_096;
/// Events after which a batch is full: enough to share a sync, few enough that nobody waits long behind it.
const BATCH_EVENTS: usize = 2_000;

/// What the journal's handle, its task and the writer's thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: SharedClock,
    pub(super) committed: watch::Sender<Position>,
    pub(super) batches: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) observer: Option<Arc<dyn AppendObserver>>,
}

/// The sending end. The task ends when the last of them is gone and all that waited is carried out.
#[derive(Debug, Clone)]
pub(super) struct Appender {
    queue: mpsc::Sender<Waiting>,
    pub(super) shared: Arc<Shared>,
}

impl Appender {
    pub(super) fn start(
        db: Sqlite,
        clock: SharedClock,
        head: Position,
        observer: Option<Arc<dyn AppendObserver>>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let committed = watch::Sender::new(head);
        let (batches, events) = (AtomicU64::new(0), AtomicU64::new(0));
        let shared = Arc::new(Shared { clock, committed, batches, events, observer });
        tokio::spawn(carry(db, Arc::clone(&shared), waiting));
        Self { queue, shared }
    }

    /// Queues an append and waits for its answer. Once queued it is carried out, whoever still listens.
    pub(super) async fn append(&self, append: Append) -> Answer {
        let began = Instant::now();
        let stopped = || AppendError::Unavailable("the journal stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { append, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => AppendError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        let answer = answered.await.unwrap_or_else(|_| Err(stopped()));
        if let Some(observer) = self.shared.observer.as_ref().filter(|_| answer.is_ok()) {
            observer.appended(began.elapsed());
        }
        answer
    }

    pub(super) fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    pub(super) fn batches(&self) -> u64 {
        self.shared.batches.load(Ordering::Relaxed)
    }

    pub(super) fn events(&self) -> u64 {
        self.shared.events.load(Ordering::Relaxed)
    }
}

async fn carry(db: Sqlite, shared: Arc<Shared>, mut queue: mpsc::Receiver<Waiting>) {
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
        let shared = Arc::clone(&shared);
        if let Err(error) = turn.run_whole(move |connection| batch::run(connection, &shared, batch)).await {
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
