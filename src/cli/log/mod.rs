//! `campanile log`: the event log, followed and checked.

mod tail;
mod verify;

use clap::Subcommand;

use super::{Failure, logging};
use crate::configuration::LogFormat;

/// Follow the event log, or check that nobody altered it
///
/// While `serve` runs on the folder, these go through its socket there; else they open the folder themselves.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Print events
    Tail(tail::Tail),
    /// Check the log
    Verify(verify::Verify),
}

impl Log {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Tail(command) => runtime.block_on(command.run()),
            Self::Verify(command) => runtime.block_on(command.run()),
        }
    }
}
