//! The sweeper: puts back on the bus what is overdue and nobody works on, and what a silent worker left.
//!
//! Of the nodes with a scheduler the leader's sweeps. While a node's bus is unwell, it also sweeps for the workers that it
//! has itself: the bus keeps what it can't send on for them, so that publishing goes on, slower. And what has stayed overdue
//! for some sweeps it puts on its bus in any case: the leader's jobs may go where no worker of this node hears of them, such
//! as with a leader of a build that has other names for them.

use std::sync::Arc;

use campanile_events::{clock::SharedClock, db::Database};
use campanile_projections::due;
use tokio::task::JoinHandle;

use super::{
    context::Context,
    leader::Leading,
    scheduler::{job, put_all},
};
use crate::{bus::Bus, waiting::Stop};

/// After how many sweeps the leader should have brought a target to somebody.
const LONG: u32 = 2;
/// How many targets one sweep puts back.
const MOST: usize = 5_000;

pub(super) struct Sweeper {
    pub context: Context,
    pub read: Arc<dyn Database>,
    pub bus: Arc<dyn Bus>,
    pub clock: SharedClock,
    /// Whether this node leads; `None` without a scheduler.
    pub leading: Option<Leading>,
}

impl Sweeper {
    pub fn start(self, mut stop: Stop) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut has_gone_on = false;
            loop {
                let swept =
                    if has_gone_on || self.is_its_turn() { self.sweep().await } else { self.look_after().await };
                if let Err(error) = swept {
                    tracing::warn!(%error, "the sweep could not be made");
                }
                has_gone_on = tokio::select! {
                    () = tokio::time::sleep(self.context.timing.sweep) => false,
                    () = self.context.pauses.gone_on() => true,
                    () = stop.wait() => return,
                };
            }
        })
    }

    fn is_its_turn(&self) -> bool {
        let leads = self.leading.as_ref().is_some_and(Leading::leads);
        let has_workers = !self.context.own_workers.is_empty();
        leads || (has_workers && !self.bus.health().is_well(self.context.timing.sweep))
    }

    /// Puts on the bus what should have been taken long since, for this node's own workers.
    async fn look_after(&self) -> Result<(), super::context::Trouble> {
        if self.context.own_workers.is_empty() || self.clock.check().is_err() {
            return Ok(());
        }
        let long = chrono::Duration::from_std(self.context.timing.sweep * LONG).unwrap_or(chrono::Duration::MAX);
        let Some(before) = self.clock.now().checked_sub_signed(long) else { return Ok(()) };
        let left = due::overdue(self.read.as_ref(), before, MOST).await?;
        put_all(self.bus.as_ref(), left.into_iter().map(job)).await;
        Ok(())
    }

    async fn sweep(&self) -> Result<(), super::context::Trouble> {
        if let Err(trouble) = self.clock.check() {
            tracing::debug!(%trouble, "no sweep");
            return Ok(());
        }
        let mut left = due::overdue(self.read.as_ref(), self.clock.now(), MOST).await?;
        for row in due::watched(self.read.as_ref(), MOST).await? {
            let lives = match row.worker {
                Some(worker) => self.context.heartbeats.lives(worker).await?,
                None => false,
            };
            if !lives {
                left.push(row);
            }
        }
        put_all(self.bus.as_ref(), left.into_iter().map(job)).await;
        Ok(())
    }
}
