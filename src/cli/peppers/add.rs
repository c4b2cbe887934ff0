//! `campanile peppers add`

use clap::Args;
use http::Method;

use super::{Operator, print};
use crate::{cli::Failure, configuration::FolderFlags};

const EXAMPLES: &str = "Examples:
  campanile peppers add
  campanile peppers add --database-url postgres://… --master-key-file master.key --pepper-file peppers";

/// Add a pepper; new keys stand under it from then on
///
/// It is written to the peppers' file, sealed with the master key; a process that serves this folder takes it at once. Other
/// nodes need the same file: the new pepper waits until none of them lacks it (they look every five seconds), and new keys stand
/// under the one before until then. Keep a copy of the file with the master key: keys under a pepper that is lost open
/// nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Add {
    /// Print one JSON object instead of words: the new version as `added`, all of them under `data`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Add {
    pub(super) fn run(self) -> Result<(), Failure> {
        let answer =
            Operator::run(self.folder, async |engine| engine.ask(Method::POST, "/operator/peppers", None).await)?;
        if self.json {
            say!("{answer}");
            return Ok(());
        }
        print(&answer);
        let (added, place) = (&answer["added"], answer["place"].as_str().unwrap_or_default());
        say!("\nversion {added} was added to {place}. Keep a copy of it with the master key.");
        let mut versions = answer["data"].as_array().into_iter().flatten();
        if versions.any(|it| it["version"] == *added && it["state"] == "waiting") {
            say!("It waits: copy the file to the other nodes, or wait until they have read it.");
        }
        Ok(())
    }
}
