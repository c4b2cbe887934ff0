//! The queue in which appends meet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{
    batch::{Advanced, Answer, Waiting},
    carrier::Carrier,
};
use crate::{
    db::postgres::Settings,
    ids::Position,
    journal::{Append, AppendError, AppendObserver},
};

/// Appends that may wait.
const QUEUE: usize = 4_096;

/// What the journal's handle and its tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The last position known to be committed, by whichever node.
    pub(super) committed: Arc<watch::Sender<Position>>,
    /// The last position that this process committed: what other nodes are told.
    pub(super) own: watch::Sender<Position>,
    pub(super) batches: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) observer: Option<Arc<dyn AppendObserver>>,
}

impl Shared {
    /// A log that this process has put back is there.
    pub(super) fn restored(&self, head: Position) {
        advance(&self.committed, head);
        self.own.send_replace(head);
    }

    pub(super) fn new(head: Position, observer: Option<Arc<dyn AppendObserver>>) -> Arc<Self> {
        let committed = Arc::new(watch::Sender::new(head));
        let (own, batches, events) = (watch::Sender::new(head), AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { committed, own, batches, events, observer })
    }

    /// A batch of this process is in the log.
    pub(super) fn count(&self, advanced: &Advanced) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(advanced.events, Ordering::Relaxed);
        if let Some(observer) = &self.observer {
            observer.committed(advanced.events);
        }
        advance(&self.committed, advanced.head);
        self.own.send_replace(advanced.head);
    }
}

/// Tells who follows of a position, unless they know of a later one.
pub(super) fn advance(committed: &watch::Sender<Position>, to: Position) {
    committed.send_if_modified(|known| {
        let further = *known < to;
        *known = to.max(*known);
        further
    });
}

/// The sending end. The carrying task ends when the last of them is gone and all that waited is carried out.
#[derive(Debug, Clone)]
pub(super) struct Appender {
    queue: mpsc::Sender<Waiting>,
    pub(super) shared: Arc<Shared>,
}

impl Appender {
    pub(super) fn start(settings: Settings, shared: Arc<Shared>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(Carrier::new(settings, Arc::clone(&shared), waiting).run());
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
