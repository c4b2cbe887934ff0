//! `campanile log`: the event log, followed, exported, put back, counted and checked.

mod export;
mod import;
mod keep;
mod new_epoch;
mod restored;
mod stats;
mod tail;
mod verify;

use std::path::Path;

use clap::Subcommand;

use super::{Failure, logging};
use crate::configuration::LogFormat;

/// Follow the event log, export it, move it, count it, or check that nobody altered it
///
/// While `serve` runs on the folder, these go through its socket there; else they open the folder themselves.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Print events
    Tail(tail::Tail),
    /// Write events as a file that can be verified anywhere
    Export(export::Export),
    /// Put an exported log into an engine that has none yet
    Import(import::Import),
    /// Serve a log here after all that was exported for a move
    Keep(keep::Keep),
    /// Begin a new epoch after the log was restored from a backup
    NewEpoch(new_epoch::StartEpoch),
    /// Check the log, or an export of it
    Verify(verify::Verify),
    /// Count what is in it
    Stats(stats::Show),
}

impl Log {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Tail(command) => runtime.block_on(command.run()),
            Self::Export(command) => runtime.block_on(command.run()),
            Self::Import(command) => runtime.block_on(command.run()),
            Self::Keep(command) => runtime.block_on(command.run()),
            Self::NewEpoch(command) => runtime.block_on(command.run()),
            Self::Verify(command) => runtime.block_on(command.run()),
            Self::Stats(command) => runtime.block_on(command.run()),
        }
    }
}

/// A copy of a checkpoint. What is none says nothing about the log.
fn note(path: &Path) -> Result<String, Failure> {
    let unread = |error| Failure::Refused(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(unread)?;
    if text.contains("\n\n\u{2014} ") {
        return Ok(text);
    }
    Err(Failure::Refused(format!("{}: not a signed checkpoint", path.display())))
}
