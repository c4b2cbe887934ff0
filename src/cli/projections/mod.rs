//! `campanile projections`: the read models.

mod rebuild;
mod status;

use clap::Subcommand;

use super::{Failure, Operator, logging};
use crate::configuration::LogFormat;

/// Look after the read models: how they stand, and built anew
///
/// Read models are what lists and timers read; everything in them comes from the log. While `serve` runs on the folder,
/// these go through its socket there; else they open the folder themselves.
#[derive(Debug, Subcommand)]
pub enum Projections {
    /// Show how every read model stands
    Status(status::Status),
    /// Build read models anew from the log
    Rebuild(rebuild::Rebuild),
}

impl Projections {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        match self {
            Self::Status(command) => command.run(),
            Self::Rebuild(command) => command.run(),
        }
    }
}
