//! `campanile serve`

use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, logging, shutdown};
use crate::{
    configuration::{Configuration, Role, ServeFlags},
    engine::{Engine, PATIENCE},
};

/// Run the engine: API, projections, scheduler, workers
///
/// Prints the address it answers on as one line, then logs to standard error. SIGTERM or Ctrl-C drains: no more requests
/// and jobs are taken, those in hand are finished (30 s at most), and the exit code is 0. A data folder has one process: a
/// second one is told who has it, and its exit code is 2.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    flags: ServeFlags,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let configuration = Configuration::resolve(self.flags)?;
        logging::start(configuration.log_format, "info");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(serve(&configuration))
    }
}

async fn serve(configuration: &Configuration) -> Result<(), Failure> {
    let told = shutdown::told()?;
    for name in configuration.timing.below_default() {
        tracing::warn!("timing: `{name}` is below its default: one post, once, is promised with the defaults only");
    }
    let engine = Engine::open(configuration).await?;
    let listener = match listen_if_asked(configuration).await {
        Ok(listener) => listener,
        Err(failure) => {
            // Workers may have something in hand by now.
            engine.drain(PATIENCE).await;
            return Err(failure);
        }
    };
    if let Some(listener) = &listener {
        let address = listener.local_addr()?;
        println!("listening on http://{address}");
        let public_url = configuration.public_url.as_ref().map(ToString::to_string);
        tracing::info!(%address, public_url, folder = %engine.folder().display(), "serving");
    }
    engine.serve(listener, told).await?;
    tracing::info!("stopped");
    Ok(())
}

async fn listen_if_asked(configuration: &Configuration) -> Result<Option<TcpListener>, Failure> {
    if !configuration.roles.has(Role::Api) {
        return Ok(None);
    }
    listen(&configuration.listen).await.map(Some)
}

async fn listen(address: &str) -> Result<TcpListener, Failure> {
    let failed = |error| Failure::Failed(format!("can't listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(failed)
}
