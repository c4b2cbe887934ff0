//! `campanile log new-epoch`

use campanile_events::clock::SystemClock;
use clap::Args;

use super::restored::Restored;
use crate::{
    cli::Failure,
    configuration::{Folder, FolderFlags},
    engine::{Opening, Store, log::EpochError},
};

const EXAMPLES: &str = "Examples:
  campanile log new-epoch
  campanile log new-epoch --checkpoint /media/safe/checkpoint
  campanile log new-epoch --keep-scheduled --database-url postgres://…

Exit codes: 0 the epoch has begun, 1 it failed (do it again before you serve), 2 refused: nothing was changed.";

/// Begin a new epoch after the log was restored from a backup, so that nothing is sent twice
///
/// What was scheduled or under way in the backup may have been sent since, and the restored log doesn't know. Those targets
/// become `unknown`: nothing is sent of them before somebody says what became of each. Then the log's epoch is raised by an event that
/// names the last signed checkpoint known, so that clients see by a position's first number that it is of another time, and
/// the read models are made anew. No process may serve this log meanwhile. A log that was moved whole keeps its epoch:
/// `campanile log import` without --restored.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct StartEpoch {
    #[command(flatten)]
    restored: Restored,

    #[command(flatten)]
    folder: FolderFlags,
}

impl StartEpoch {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let folder = Folder::resolve(self.folder)?;
        let store = Store::open(&folder, Opening::Existing, SystemClock::shared()).await?;
        let known = self.restored.read(&store.folder)?;
        self.restored.begin(&store, &known).await.map_err(|error| match error {
            EpochError::Empty | EpochError::Checkpoint(_) | EpochError::Served => Failure::Refused(error.to_string()),
            error => Failure::Failed(error.to_string()),
        })
    }
}
