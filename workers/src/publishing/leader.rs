//! Who leads: of the nodes with a scheduler one acts, the others stand by.
//!
//! The leader holds a lease and makes it longer well before it ends; who can't do that stops acting before the lease is
//! over, by its own count. Nothing hangs on there being one: two that act put the same jobs twice, and the targets' own
//! fence drops what was doubled.

use std::time::Duration;

use campanile_events::{
    clock::{Moment, SharedClock},
    timing::Timing,
};
use chrono::{DateTime, Utc};
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use crate::{
    leases::{Asked, Held, Leases},
    waiting::Stop,
};

const LEASE: &str = "scheduler";

/// Who leads, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// This node.
    This {
        /// By this name.
        node: Uuid,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Another.
    Another {
        /// By this name.
        node: Uuid,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Nobody, or it can't be found out.
    Unknown,
}

/// Until when this node leads, and who else does.
#[derive(Debug, Clone, Copy)]
struct View {
    until: Option<Moment>,
    leader: Leader,
    /// When that was found out.
    at: Moment,
}

/// Whether this node leads. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Leading {
    /// Without one this node leads, since there is no other.
    view: Option<watch::Receiver<View>>,
    alone: Leader,
}

impl Leading {
    /// The only node leads.
    pub fn alone(now: DateTime<Utc>) -> Self {
        Self { view: None, alone: Leader::This { node: Uuid::nil(), since: now } }
    }

    /// Whether it may act now.
    pub fn leads(&self) -> bool {
        let Some(view) = &self.view else { return true };
        view.borrow().until.is_some_and(|until| !until.is_over())
    }

    /// Who leads.
    pub fn leader(&self) -> Leader {
        let Some(view) = &self.view else { return self.alone };
        let leads = self.leads();
        match *view.borrow() {
            // It has stopped acting, and who acts instead isn't known yet.
            View { leader: Leader::This { .. }, .. } if !leads => Leader::Unknown,
            View { leader, .. } => leader,
        }
    }

    /// For how long nothing was heard of a leader.
    pub fn unheard(&self) -> Duration {
        self.view.as_ref().map_or(Duration::ZERO, |view| view.borrow().at.elapsed())
    }

    /// Waits until it leads.
    pub async fn begins(&mut self) {
        let Some(view) = &mut self.view else { return };
        let begun = view.wait_for(|view| view.until.is_some_and(|until| !until.is_over())).await.is_ok();
        if !begun {
            // Nobody asks for the lease any more: this node is stopping.
            std::future::pending::<()>().await;
        }
    }
}

/// Who asks for the lease, again and again.
pub(super) struct Candidate {
    leases: Leases,
    clock: SharedClock,
    node: Uuid,
    length: Duration,
    pause: Duration,
    view: watch::Sender<View>,
}

impl Candidate {
    pub fn new(leases: Leases, clock: SharedClock, node: Uuid, timing: &Timing) -> (Self, Leading) {
        let (view, seen) = watch::channel(View { until: None, leader: Leader::Unknown, at: Moment::now() });
        let (length, pause) = (timing.leader_lease(), timing.leader_renewal());
        (Self { leases, clock, node, length, pause, view }, Leading { view: Some(seen), alone: Leader::Unknown })
    }

    pub fn start(self, mut stop: Stop) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                let pause = self.ask().await;
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.wait() => break,
                }
            }
            self.stand_down().await;
        })
    }

    /// Asks once; answers how soon to ask again.
    async fn ask(&self) -> Duration {
        if self.clock.check().is_err() {
            self.stand_down().await;
            return self.pause;
        }
        // An ask that isn't answered by then is as good as none.
        let asked = tokio::time::timeout(self.length, self.leases.take(LEASE, self.node, self.length)).await;
        match asked {
            Ok(Ok(Asked::Ours(until))) => {
                self.lead_until(until);
                self.pause
            }
            Ok(Ok(Asked::Anothers(held))) => {
                self.follow(held);
                // Right after the end of the other's lease, should it not be made longer.
                held.map_or(Duration::ZERO, |held| held.left.min(self.pause)).max(Duration::from_millis(1))
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lease of the scheduler can't be asked for");
                self.pause
            }
            Err(_) => {
                tracing::warn!("the lease of the scheduler was asked for in vain");
                Duration::ZERO
            }
        }
    }

    fn lead_until(&self, until: Moment) {
        let now = self.clock.now();
        self.view.send_modify(|view| {
            let since = match view.leader {
                Leader::This { since, .. } if view.until.is_some_and(|until| !until.is_over()) => since,
                _ => {
                    tracing::info!(node = %self.node, "this node leads");
                    now
                }
            };
            *view = View { until: Some(until), leader: Leader::This { node: self.node, since }, at: Moment::now() };
        });
    }

    fn follow(&self, held: Option<Held>) {
        let leader = held.map_or(Leader::Unknown, |held| Leader::Another { node: held.holder, since: held.since });
        self.view.send_modify(|view| {
            if view.leader != leader
                && let Leader::Another { node, .. } = leader
            {
                tracing::info!(%node, "another node leads");
            }
            // That it is free isn't word of a leader.
            let at = if held.is_some() { Moment::now() } else { view.at };
            *view = View { until: None, leader, at };
        });
    }

    /// Leads no longer, and lets another do so at once.
    async fn stand_down(&self) {
        let View { until, at, .. } = *self.view.borrow();
        let led = until.is_some();
        self.view.send_replace(View { until: None, leader: Leader::Unknown, at });
        if led && let Err(error) = self.leases.give_back(LEASE, self.node).await {
            tracing::warn!(%error, "the lease of the scheduler stays until it is over");
        }
    }
}
