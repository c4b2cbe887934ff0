//! Puts on record that keys are over. Nothing waits for that: a key opens nothing from its end on, whoever has noticed.
//!
//! Of many nodes one looks, whoever holds the lease; that an end stands there once is the key's own affair.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::SharedClock,
    commands::{Executor, Request},
    db::Database,
    journal::{Actor, Metadata},
    key::{Key, KeyAction, KeyCommand},
    random,
};
use campanile_projections::{keys, page::QueryError};
use campanile_workers::leases::{Asked, Leases};
use tokio::sync::watch;
use uuid::Uuid;

const LEASE: &str = "key-expiries";
/// How many are looked up at once.
const AT_ONCE: usize = 100;

/// Puts ends of keys on record.
#[derive(Debug)]
pub(super) struct Expiries {
    keys: Executor<Key>,
    read: Arc<dyn Database>,
    clock: SharedClock,
    /// Where there are other nodes.
    turn: Option<(Leases, Uuid)>,
}

impl Expiries {
    pub(super) fn new(
        keys: Executor<Key>,
        read: Arc<dyn Database>,
        clock: SharedClock,
        leases: Option<Leases>,
    ) -> Self {
        let node = random::uuid_at(clock.now());
        Self { keys, read, clock, turn: leases.map(|leases| (leases, node)) }
    }

    /// Looks after each `pause`, until told to stop.
    pub(super) async fn run(self, pause: Duration, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            if !self.is_our_turn(pause).await {
                continue;
            }
            if let Err(error) = self.note().await {
                tracing::warn!(%error, "keys whose time is over can't be looked up");
            }
        }
        if let Some((leases, node)) = &self.turn
            && let Err(error) = leases.give_back(LEASE, *node).await
        {
            tracing::debug!(%error, "another node looks for keys that are over once this one's lease is");
        }
    }

    async fn is_our_turn(&self, pause: Duration) -> bool {
        let Some((leases, node)) = &self.turn else { return true };
        match leases.take(LEASE, *node, pause * 3).await {
            Ok(asked) => matches!(asked, Asked::Ours(_)),
            Err(error) => {
                tracing::debug!(%error, "it is not known whose turn it is to look for keys that are over");
                false
            }
        }
    }

    /// Puts on record what is over by now. What the read models don't show yet comes with the next look.
    async fn note(&self) -> Result<(), QueryError> {
        let now = self.clock.now();
        for (workspace, key) in keys::expired_unnoted(&*self.read, now, AT_ONCE).await? {
            let command = KeyCommand { now, action: KeyAction::NoteExpiry };
            let metadata = Metadata::by(Actor::engine());
            let request = Request { workspace, id: key.uuid(), command, metadata, receipt: None };
            if let Err(error) = self.keys.execute(request).await {
                tracing::warn!(key.id = %key, %error, "the end of a key was not put on record");
            }
        }
        Ok(())
    }
}
