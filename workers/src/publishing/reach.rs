//! Whether this node reaches the database. One that doesn't leaves jobs to those that do: over a connection that is dead and
//! doesn't say so each step of a job waits for seconds, and the bus would go on bringing jobs meanwhile.

use std::{pin::pin, time::Duration};

use campanile_events::ids::WorkerId;
use tokio::sync::watch;

use crate::{heartbeats::Heartbeats, waiting::Stop};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// A database that says nothing for so long isn't reached.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of it. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Reach(watch::Receiver<bool>);

impl Reach {
    /// In a process that is alone nobody else could have its jobs.
    pub fn alone() -> Self {
        Self(watch::channel(true).1)
    }

    /// Looks until the word to stop: what is in hand then is finished here.
    pub fn watch(heartbeats: Heartbeats, worker: WorkerId, mut stop: Stop) -> Self {
        let (tell, seen) = watch::channel(true);
        tokio::spawn(async move {
            tokio::select! {
                () = look(&heartbeats, worker, &tell) => {}
                () = stop.wait() => {}
            }
        });
        Self(seen)
    }

    pub fn is_kept(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until the database is reached.
    pub async fn kept(&mut self) {
        // Nobody looks any more: each step says by itself whether it is.
        let _ = self.0.wait_for(|reached| *reached).await;
    }

    /// Waits until it isn't.
    pub async fn lost(&mut self) {
        if self.0.wait_for(|reached| !reached).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn look(heartbeats: &Heartbeats, worker: WorkerId, tell: &watch::Sender<bool>) {
    loop {
        // Waited for to its end: a connection that isn't any more is thrown away only by who waits for it.
        let mut answer = pin!(heartbeats.lives(worker));
        let reached = tokio::select! {
            answer = &mut answer => answer,
            () = tokio::time::sleep(PATIENCE) => {
                tell_that(tell, false);
                answer.await
            }
        };
        tell_that(tell, reached.is_ok());
        tokio::time::sleep(EVERY).await;
    }
}

fn tell_that(tell: &watch::Sender<bool>, reached: bool) {
    tell.send_if_modified(|known| {
        let is_news = *known != reached;
        if is_news && !reached {
            tracing::warn!("the database isn't reached: jobs are left to other nodes");
        }
        *known = reached;
        is_news
    });
}
