//! What `log new-epoch` and `log import --restored` have in common.

use std::path::{Path, PathBuf};

use clap::Args;

use super::note;
use crate::{
    cli::{Failure, Progress},
    engine::{
        Store,
        log::{EpochError, KnownCheckpoints, begin_epoch},
    },
};

/// What is known of the log beyond the copy that it was restored from.
#[derive(Debug, Default, Args)]
pub(super) struct Restored {
    /// A signed checkpoint that was kept elsewhere, of after the copy; may be given several times
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,

    /// Leave posts that are due later scheduled: nobody published any of them early in what was lost
    #[arg(long)]
    keep_scheduled: bool,
}

impl Restored {
    /// The checkpoints that were given, and one of the folder that may be newer than the log in it.
    pub(super) fn read(&self, folder: &Path) -> Result<KnownCheckpoints, Failure> {
        let given = self.checkpoint.iter().map(|path| note(path)).collect::<Result<_, _>>()?;
        Ok(KnownCheckpoints { given, kept: std::fs::read_to_string(folder.join("checkpoint")).into_iter().collect() })
    }

    /// Begins the epoch and says what came of it.
    pub(super) async fn begin(&self, store: &Store, known: &KnownCheckpoints) -> Result<(), EpochError> {
        let progress = Progress::start("looking through posts", 0);
        let began = begin_epoch(store, known, !self.keep_scheduled, |done, steps| progress.at(done, steps)).await?;
        drop(progress);
        let known = match began.known {
            Some(size) => format!("the last checkpoint known is over {size} events"),
            None => "no checkpoint is known".to_owned(),
        };
        eprintln!("epoch {} begins at position {}; {known}", began.epoch, began.position);
        eprintln!(
            "{} targets may have been sent in what was lost: they are `unknown`, and nothing is sent before somebody settles \
             them (POST /v1/posts/{{id}}/resolve)",
            began.unknown
        );
        Ok(())
    }
}
