//! `campanile demo`: the whole loop in half a minute, on this machine alone.
//!
//! It opens an embedded engine and the sandbox platform in a temporary folder, goes through the public HTTP API as a client
//! would, lets things go wrong on purpose, and ends with the audited history and its verification. Its judge is the
//! sandbox's own record of what became visible.

mod paint;
mod script;
mod stage;
mod timeline;

use clap::Args;

use super::{Failure, logging};
use crate::configuration::LogFormat;

const EXAMPLES: &str = "Examples:
  campanile demo
  campanile demo --keep";

/// See the whole loop in half a minute: draft, schedule, retry, publish, settle an unknown, verify the log
///
/// Everything happens on this machine, in a temporary folder: an embedded engine, the sandbox platform, and faults on
/// purpose. Exit code 0 only if every post came out as it must and the log verifies.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Demo {
    /// Keep the data folder and print where it is, to look at it afterwards
    #[arg(long)]
    keep: bool,
}

impl Demo {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "error");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let played = runtime.block_on(script::play(self.keep));
        played.map_err(|error| Failure::Failed(format!("the demo failed: {error:#}")))
    }
}
