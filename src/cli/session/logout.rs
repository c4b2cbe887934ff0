//! `campanile logout`

use clap::Args;
use http::Method;

use super::{
    kept::Kept,
    remote::{Remote, ServerFlags},
};
use crate::cli::Failure;

/// End the session on an engine, and forget it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  campanile logout
  campanile logout --server https://campanile.example.com")]
pub struct Logout {
    #[command(flatten)]
    server: ServerFlags,
}

impl Logout {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        let kept = Kept::read()?;
        let (server, session) = kept.of(self.server.address()?.as_ref())?;
        let remote = Remote::at(server.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answered =
            runtime.block_on(remote.ask(Method::POST, "v1/auth/logout", Some(&session.token), None, None))?;
        answered.ended()?;
        kept.forget(&server)?;
        say!("signed out {} on {server}", session.email);
        Ok(())
    }
}
