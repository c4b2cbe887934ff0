//! `campanile sandbox`

use std::{io::Write, path::PathBuf};

use campanile_events::clock::SystemClock;
use campanile_workers::platforms::sandbox;
use clap::Args;

use super::{Failure, logging, serve, shutdown};
use crate::configuration::LogFormat;

const EXAMPLES: &str = "Examples:
  campanile sandbox
  campanile sandbox --listen 127.0.0.1:0 --file sandbox.jsonl";

/// Run the sandbox platform as a server of its own
///
/// It takes posts as other platforms do, fails as it is told to, and its page lists what became visible. Connect an account
/// with `POST /v1/connect/sandbox {"handle":"demo","delivery":"keyed","service_url":"http://…"}`; the engine has to be
/// started with --allow-egress for its address. It lets in whoever knows a handle: it is for trials.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Sandbox {
    /// The address to answer on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: String,

    /// A file that keeps what it was sent [default: memory only]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Sandbox {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "info");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), Failure> {
        let told = shutdown::told()?;
        let clock = SystemClock::shared();
        let state = match &self.file {
            Some(path) => sandbox::Sandbox::open(clock, path)?,
            None => sandbox::Sandbox::new(clock),
        };
        let listener = serve::listen(&self.listen).await?;
        let address = listener.local_addr()?;
        // Who doesn't listen to it chose the address.
        let _ = writeln!(std::io::stdout(), "http://{address}");
        sandbox::serve(listener, state, told).await;
        Ok(())
    }
}
