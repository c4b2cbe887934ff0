//! `campanile log`: the event log, followed, exported, counted and checked.

mod export;
mod stats;
mod tail;
mod verify;

use clap::Subcommand;

use super::{Failure, logging};
use crate::configuration::LogFormat;

/// Follow the event log, export it, count it, or check that nobody altered it
///
/// While `serve` runs on the folder, these go through its socket there; else they open the folder themselves.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Print events
    Tail(tail::Tail),
    /// Write events as a file that can be verified anywhere
    Export(export::Export),
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
            Self::Verify(command) => runtime.block_on(command.run()),
            Self::Stats(command) => runtime.block_on(command.run()),
        }
    }
}
