//! `campanile log verify`

use clap::Args;

use crate::{
    cli::Failure,
    configuration::{Folder, FolderFlags},
    engine::log::{Report, open, verify},
};

/// Check that the log is what it was signed as
///
/// Reads every event and computes anew what follows from them: positions and times in order, the hash of every leaf, the
/// root that the head names, the versions of streams, the numbers of workspaces, every signed checkpoint; and that this
/// build reads every event. Exit code 0 if all of it holds, 1 if not.
#[derive(Debug, Args)]
pub struct Verify {
    /// A signed checkpoint that was kept elsewhere, to check against as well
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<std::path::PathBuf>,

    /// Print one JSON object instead of words: `ok`, `events`, `root`, `findings`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Verify {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let folder = Folder::resolve(self.folder)?;
        let copy = match &self.checkpoint {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?,
            ),
            None => std::fs::read_to_string(folder.path.join("checkpoint")).ok(),
        };
        let log = open(&folder).await?;
        let report = verify(log.as_ref(), copy).await?;
        print(&report, self.json)?;
        if report.ok { Ok(()) } else { Err(Failure::Told) }
    }
}

fn print(report: &Report, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let text = serde_json::to_string(report).map_err(|error| Failure::Failed(error.to_string()))?;
        println!("{text}");
        return Ok(());
    }
    for finding in &report.findings {
        let word = if finding.ok { "ok" } else { "FAILED" };
        println!("{:<12} {word:<7} {}", finding.check, finding.text);
    }
    let words = if report.ok { "verified: the log is whole" } else { "the log is NOT what it was signed as" };
    println!("{words}: {} events", report.events);
    Ok(())
}
