//! `campanile demo`: the whole loop in half a minute, on this machine alone.
//!
//! It opens an embedded engine and the sandbox platform in a temporary folder, goes through the public HTTP API as a client
//! would, lets things go wrong on purpose, and ends with the audited history and its verification. Its judge is the
//! sandbox's own record of what became visible.

mod paint;
mod script;
mod stage;
mod timeline;

use std::process::ExitCode;

use clap::Args;

/// Flags of `campanile demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep the data folder and print where it is, to look at it afterwards.
    #[arg(long)]
    keep: bool,
}

impl DemoArguments {
    /// Runs the demo. Ends with 0 only if every post came out as it must and the log verifies.
    pub async fn run(self) -> ExitCode {
        match script::play(self.keep).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the demo failed: {error:#}");
                ExitCode::FAILURE
            }
        }
    }
}
