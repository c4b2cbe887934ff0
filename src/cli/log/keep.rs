//! `campanile log keep`

use campanile_events::clock::SystemClock;
use clap::Args;

use crate::{
    cli::Failure,
    configuration::{Folder, FolderFlags},
    engine::{Opening, Store},
};

const EXAMPLES: &str = "Examples:
  campanile log keep
  campanile log keep --database-url postgres://… --master-key-file master.key

Exit codes: 0 it may be served here, 1 it failed.";

/// Serve a log here after all that was exported for a move
///
/// Takes back the mark that `campanile log export --for-move` made. See to it that nothing serves the copy: two engines with one
/// history would both publish.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Keep {
    #[command(flatten)]
    folder: FolderFlags,
}

impl Keep {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let folder = Folder::resolve(self.folder)?;
        let store = Store::open(&folder, Opening::Existing, SystemClock::shared()).await?;
        let was_marked = store.marks.stays().await.map_err(|error| Failure::Failed(error.to_string()))?;
        eprintln!(
            "{}",
            if was_marked { "the log may be served here again" } else { "the log was not marked as moved" }
        );
        Ok(())
    }
}
