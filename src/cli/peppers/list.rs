//! `campanile peppers list`

use clap::Args;

use super::{Operator, print};
use crate::{cli::Failure, configuration::FolderFlags};

const EXAMPLES: &str = "Examples:
  campanile peppers list
  campanile peppers list --json | jq '.data[] | select(.state == \"older\" and .keys > 0)'";

/// Show how many keys stand under each pepper: those that open something, and those that are over
///
/// `newest` is the one that new keys stand under, `waiting` one that another node lacks, `missing` one that isn't here though
/// keys stand under it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Print one JSON object instead of a table: the versions under `data`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let answer = Operator::run(self.folder, async |engine| engine.get("/operator/peppers").await)?;
        if self.json {
            say!("{answer}");
        } else {
            print(&answer);
        }
        Ok(())
    }
}
