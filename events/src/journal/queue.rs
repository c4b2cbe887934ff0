//! The queue in which a process's appends meet, whichever engine carries them out, and the tally of what came of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{Append, AppendError, AppendObserver, Recorded, recent::Recent};
use crate::{
    ids::Position,
    sabotage::{CrashPoint, crash_at},
};

/// Appends that may wait.
const WAITING: usize = 4_096;
/// Events after which a batch is full: enough to share a sync, few enough that nobody waits long behind it.
pub(super) const BATCH_EVENTS: usize = 2_000;

/// What one caller is told.
pub(super) type Answer = Result<Vec<Arc<Recorded>>, AppendError>;

/// An append whose caller waits, or is gone: it is carried out either way.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) append: Append,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Tells each caller of a batch its own answer.
pub(super) fn answer(batch: Vec<Waiting>, answers: Vec<Answer>) {
    for (waiting, answer) in batch.into_iter().zip(answers) {
        // A caller that is gone needs no answer.
        drop(waiting.answer.send(answer));
    }
}

/// Tells every caller of a batch the same.
pub(super) fn refuse(batch: Vec<Waiting>, error: &AppendError) {
    let answers = batch.iter().map(|_| Err(error.clone())).collect();
    answer(batch, answers);
}

/// How far the log is, and how much of it this process appended.
#[derive(Debug)]
pub(super) struct Tally {
    committed: watch::Sender<Position>,
    batches: AtomicU64,
    events: AtomicU64,
    observer: Option<Arc<dyn AppendObserver>>,
    recent: Recent,
}

impl Tally {
    pub(super) fn new(head: Position, observer: Option<Arc<dyn AppendObserver>>) -> Arc<Self> {
        let (batches, events) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { committed: watch::Sender::new(head), batches, events, observer, recent: Recent::default() })
    }

    /// Follows the last position known to be committed, by whichever process.
    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.committed.subscribe()
    }

    /// The last position known to be committed, by whichever process.
    pub(super) fn position(&self) -> Position {
        *self.committed.borrow()
    }

    /// Tells who follows of a position, unless they know of a later one.
    pub(super) fn advance(&self, to: Position) {
        self.committed.send_if_modified(|known| {
            let further = *known < to;
            *known = to.max(*known);
            further
        });
    }

    /// What this process has just appended.
    pub(super) const fn recent(&self) -> &Recent {
        &self.recent
    }

    /// A batch of this process is in the log.
    pub(super) fn count(&self, events: u64, head: Position, answers: &[Answer]) {
        crash_at(CrashPoint::AfterAppend);
        self.recent.keep(answers.iter().flatten().flatten());
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
        if let Some(observer) = &self.observer {
            observer.committed(events);
        }
        self.advance(head);
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

/// The sending end. Who carries appends out ends when the last of these is gone and all that waited is done.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    sender: mpsc::Sender<Waiting>,
    tally: Arc<Tally>,
}

impl Queue {
    /// A queue, and what whoever carries appends out takes them from.
    pub(super) fn new(tally: Arc<Tally>) -> (Self, mpsc::Receiver<Waiting>) {
        let (sender, waiting) = mpsc::channel(WAITING);
        (Self { sender, tally }, waiting)
    }

    /// Queues an append and waits for its answer. Once queued it is carried out, whoever still listens.
    pub(super) async fn append(&self, append: Append) -> Answer {
        let began = Instant::now();
        let stopped = || AppendError::Unavailable("the journal stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        self.sender.try_send(Waiting { append, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => AppendError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        let answer = answered.await.unwrap_or_else(|_| Err(stopped()));
        if let Some(observer) = self.tally.observer.as_ref().filter(|_| answer.is_ok()) {
            observer.appended(began.elapsed());
        }
        answer
    }

    pub(super) fn depth(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    pub(super) fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }
}
