//! What the journal's handle and its tasks share, and the start of the one that carries appends out.

use std::sync::Arc;

use tokio::sync::watch;

use super::{batch::Advanced, carrier::Carrier};
use crate::{
    db::postgres::Settings,
    ids::Position,
    journal::{
        AppendObserver,
        queue::{Answer, Queue, Tally},
    },
};

/// How far the log is, and what of it other nodes are told.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) tally: Arc<Tally>,
    /// The last position that this process committed.
    pub(super) own: watch::Sender<Position>,
}

impl Shared {
    pub(super) fn new(head: Position, observer: Option<Arc<dyn AppendObserver>>) -> Arc<Self> {
        Arc::new(Self { tally: Tally::new(head, observer), own: watch::Sender::new(head) })
    }

    /// A log that this process has put back is there.
    pub(super) fn restored(&self, head: Position) {
        self.tally.advance(head);
        self.own.send_replace(head);
    }

    /// A batch of this process is in the log.
    pub(super) fn count(&self, advanced: &Advanced, answers: &[Answer]) {
        self.tally.count(advanced.events, advanced.head, answers);
        self.own.send_replace(advanced.head);
    }
}

/// The sending end, and what its task shares with it.
#[derive(Debug, Clone)]
pub(super) struct Appender {
    pub(super) queue: Queue,
    pub(super) shared: Arc<Shared>,
}

impl Appender {
    pub(super) fn start(settings: Settings, shared: Arc<Shared>) -> Self {
        let (queue, waiting) = Queue::new(Arc::clone(&shared.tally));
        tokio::spawn(Carrier::new(settings, Arc::clone(&shared), waiting).run());
        Self { queue, shared }
    }
}
