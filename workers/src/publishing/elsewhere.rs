//! What other nodes are sending, as the journal shows it: for who pauses a workspace.

use std::{sync::Arc, time::Duration};

use campanile_events::{db::Database, ids::WorkspaceId};
use campanile_projections::{due, runner::Runner};

use super::{context::Trouble, pauses::Pauses};
use crate::heartbeats::Heartbeats;

/// More than are ever being sent at once.
const MOST: usize = 1_000_000;
/// How soon to look again, should nothing be heard of the read models.
const LOOK: Duration = Duration::from_millis(100);

/// Where to look.
#[derive(Clone)]
pub(super) struct Elsewhere {
    pub pauses: Pauses,
    pub read: Arc<dyn Database>,
    pub runner: Arc<Runner>,
    pub heartbeats: Heartbeats,
}

impl std::fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elsewhere").field("pauses", &self.pauses).finish_non_exhaustive()
    }
}

impl Elsewhere {
    /// Waits until nothing is being sent that was intended before the workspace's stream came to where it is; answers
    /// whether that was seen within `patience`.
    pub async fn held(&self, workspace: WorkspaceId, patience: Duration) -> bool {
        let held = async {
            loop {
                match self.is_quiet(workspace, patience).await {
                    Ok(true) => return,
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "it can't be seen what other nodes are sending"),
                }
                let mut moved = self.runner.watch();
                moved.mark_unchanged();
                // A pause of the watch is as good as a look.
                let _either = tokio::time::timeout(LOOK, moved.changed()).await;
            }
        };
        tokio::time::timeout(patience, held).await.is_ok()
    }

    async fn is_quiet(&self, workspace: WorkspaceId, patience: Duration) -> Result<bool, Trouble> {
        // Intents that stand before the pause in the log are in the read models with it.
        let pause = self.pauses.position(workspace).await?;
        if !self.runner.wait_for(pause, patience).await {
            return Ok(false);
        }
        for row in due::watched(self.read.as_ref(), MOST).await?.iter().filter(|row| row.workspace_id == workspace) {
            // Who was silent for longer than its lease doesn't send: it would have to be heard first.
            if let Some(worker) = row.worker
                && self.heartbeats.lives(worker).await?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
