//! The sweeper: puts back on the bus what is overdue and nobody works on, and what a silent worker left.

use std::sync::Arc;

use campanile_events::{clock::SharedClock, db::Database};
use campanile_projections::due;
use tokio::task::JoinHandle;

use super::{context::Context, scheduler::job};
use crate::{bus::Bus, waiting::Stop};

/// How many targets one sweep puts back.
const MOST: usize = 5_000;

pub(super) struct Sweeper {
    pub context: Context,
    pub read: Arc<dyn Database>,
    pub bus: Arc<dyn Bus>,
    pub clock: SharedClock,
}

impl Sweeper {
    pub fn start(self, mut stop: Stop) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "the sweep could not be made");
                }
                tokio::select! {
                    () = tokio::time::sleep(self.context.timing.sweep) => {}
                    () = self.context.pauses.gone_on() => {}
                    () = stop.wait() => return,
                }
            }
        })
    }

    async fn sweep(&self) -> Result<(), super::context::Trouble> {
        let overdue = due::overdue(self.read.as_ref(), self.clock.now(), MOST).await?;
        for row in overdue {
            self.put(row).await;
        }
        for row in due::watched(self.read.as_ref(), MOST).await? {
            let lives = match row.worker {
                Some(worker) => self.context.heartbeats.lives(worker).await?,
                None => false,
            };
            if !lives {
                self.put(row).await;
            }
        }
        Ok(())
    }

    async fn put(&self, row: due::DueTarget) {
        if let Err(error) = self.bus.put(job(row)).await {
            tracing::warn!(%error, "a job could not be put on the bus");
        }
    }
}
