//! `campanile log verify`

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use campanile_events::journal::ReadError;
use clap::Args;

use super::note;
use crate::{
    cli::{Failure, Progress},
    configuration::{Folder, FolderFlags},
    engine::{
        OpenError,
        log::{Finding, Report, SourceError, open, verify_export, verify_telling},
    },
};

const EXAMPLES: &str = "Examples:
  campanile log verify
  campanile log verify --checkpoint /media/safe/checkpoint
  campanile log verify --file log.jsonl --key /media/safe/key.vkey

Keep checkpoints and the key elsewhere: who holds the folder and the master key could sign another history.";

/// Check that the log is what it was signed as
///
/// Reads every event and computes anew what follows from them: positions and times in order, the hash of every leaf, the
/// root, time and epoch that the head names, the versions of streams, the numbers of workspaces, who holds which unique name,
/// every signed checkpoint; and that this build reads every event. With --file, an export is checked the same way, without any data folder. Exit code 0 if all of
/// it holds, 1 if not.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// A signed checkpoint that was kept elsewhere, to check against as well
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// An export to check, instead of the folder's log
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// A file with the verifying key that was kept elsewhere, to check an export with [default: the export's own word]
    #[arg(long, value_name = "FILE", requires = "file")]
    key: Option<PathBuf>,

    /// Print one JSON object instead of words: `ok`, `events`, `root`, `findings`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Verify {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let copy = self.checkpoint.as_deref().map(note).transpose()?;
        let report = if let Some(file) = &self.file {
            exported(file, self.key.as_deref(), copy.as_ref())?
        } else {
            let folder = Folder::resolve(self.folder)?;
            let copy = copy.or_else(|| std::fs::read_to_string(folder.path.join("checkpoint")).ok());
            match stored(&folder, copy).await {
                Err(SourceError::Read(reason)) => unreadable(reason),
                // A journal that is seen to be damaged as it is opened.
                Err(SourceError::Open(OpenError::Journal(error @ ReadError::Damaged { .. }))) => {
                    unreadable(error.to_string())
                }
                report => report?,
            }
        };
        print(&report, self.json)?;
        if report.ok { Ok(()) } else { Err(Failure::Told) }
    }
}

async fn stored(folder: &Folder, copy: Option<String>) -> Result<Report, SourceError> {
    let log = open(folder).await?;
    let progress = Progress::start("verifying", 0);
    verify_telling(log.as_ref(), copy, |done, steps| progress.at(done, steps)).await
}

/// A log that can't be read to its end is not whole, and that is said as everything else is.
fn unreadable(reason: String) -> Report {
    let finding = Finding { check: "reading", ok: false, text: reason };
    Report { ok: false, events: 0, root: String::new(), findings: vec![finding] }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))
}

fn exported(file: &Path, key: Option<&Path>, copy: Option<&String>) -> Result<Report, Failure> {
    let unread = |error| Failure::Refused(format!("{}: {error}", file.display()));
    let input = File::open(file).map_err(unread)?;
    let length = input.metadata().map_err(unread)?.len();
    let key = key.map(read).transpose()?;
    let progress = Progress::start("verifying", length);
    let done = std::cell::Cell::new(0);
    let seen = |bytes| {
        done.set(done.get() + bytes);
        progress.at(done.get(), length);
    };
    let report = verify_export(BufReader::new(input), key, copy, seen);
    report.map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))
}

fn print(report: &Report, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let text = serde_json::to_string(report).map_err(|error| Failure::Failed(error.to_string()))?;
        say!("{text}");
        return Ok(());
    }
    for finding in &report.findings {
        let word = if finding.ok { "ok" } else { "FAILED" };
        say!("{:<12} {word:<7} {}", finding.check, finding.text);
    }
    let words = if report.ok { "verified: the log is whole" } else { "the log is NOT what it was signed as" };
    say!("{words}: {} events", report.events);
    Ok(())
}
