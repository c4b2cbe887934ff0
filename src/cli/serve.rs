//! `campanile serve`

use std::{
    io::{ErrorKind, Write},
    pin::pin,
};

use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, Telemetry, logging, shutdown};
use crate::{
    configuration::{Configuration, DueLater, OnRestored, ServeFlags},
    engine::{Engine, PATIENCE},
};

const EXAMPLES: &str = "Examples:
  campanile serve
  campanile serve --listen 0.0.0.0:8080 --data /var/lib/campanile --log-format json
  campanile serve --config /etc/campanile/campanile.toml
  CAMPANILE_ALLOW_EGRESS=10.1.2.0/24 campanile serve
  campanile serve --restored

A flag counts before its variable, a variable before the file, the file before the default.";

/// Run the engine: API, projections, scheduler, workers
///
/// Prints the address it answers on as one line, then logs to standard error. Every node answers /healthz, /readyz and /metrics
/// there, one with the role `api` the API as well. A database that is away is waited for. SIGTERM or Ctrl-C drains: no more requests
/// and jobs are taken, those in hand are finished (30 s at most), and the exit code is 0. A data folder has one process: a
/// second one is told who has it, and its exit code is 2.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    #[command(flatten)]
    flags: ServeFlags,

    /// The log was restored from a backup: begin a new epoch, so that nothing is sent twice
    ///
    /// Not needed where the checkpoint in the data folder is younger than the backup: `serve` sees it then. To be said
    /// once and to one node, not in what a supervisor starts: each start with it begins an epoch.
    #[arg(long)]
    restored: bool,

    /// Should the log have been restored, leave posts that are due later scheduled: nobody published any of them early since
    ///
    /// Without it they are `unknown` until somebody settles them.
    #[arg(long)]
    keep_scheduled: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut configuration = Configuration::resolve(self.flags)?;
        let later = if self.keep_scheduled { DueLater::Kept } else { DueLater::Held };
        configuration.on_restored =
            if self.restored { OnRestored::BeginAnyway(later) } else { OnRestored::Begin(later) };
        let telemetry = configuration.otlp_endpoint.as_ref().map(Telemetry::start).transpose()?;
        logging::start_with(configuration.log_format, "info", telemetry.as_ref());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(serve(&configuration));
        // First what still runs, then what it leaves to be sent.
        drop(runtime);
        drop(telemetry);
        served
    }
}

async fn serve(configuration: &Configuration) -> Result<(), Failure> {
    let told = shutdown::told()?;
    for name in configuration.timing.below_default() {
        tracing::warn!("timing: `{name}` is below its default: one post, once, is promised with the defaults only");
    }
    let mut told = pin!(told);
    let (engine, listener) = match Engine::open(configuration).await {
        Err(away) if away.is_passing() => {
            let mut listener = listen(&configuration.listen).await?;
            tell(&listener)?;
            let opened = Engine::open_when_it_can_be(configuration, &mut listener, away, told.as_mut()).await?;
            let Some(engine) = opened else { return Ok(()) };
            (engine, listener)
        }
        opened => {
            let engine = opened?;
            let listener = match listen(&configuration.listen).await {
                Ok(listener) => listener,
                Err(failure) => {
                    // Workers may have something in hand by now.
                    engine.drain(PATIENCE).await;
                    return Err(failure);
                }
            };
            tell(&listener)?;
            (engine, listener)
        }
    };
    let public_url = configuration.public_url.as_ref().map(ToString::to_string);
    tracing::info!(address = %listener.local_addr()?, public_url, folder = %engine.folder().display(), "serving");
    engine.serve(Some(listener), told).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Says where it answers. Who doesn't listen to it finds it in the log.
fn tell(listener: &TcpListener) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    let _ = writeln!(std::io::stdout(), "listening on http://{address}");
    Ok(())
}

/// Listens on an address that an operator named.
pub(super) async fn listen(address: &str) -> Result<TcpListener, Failure> {
    let failed = |error: std::io::Error| {
        let words = format!("can't listen on {address}: {error}");
        match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => Failure::Failed(words),
            _ => Failure::Refused(words),
        }
    };
    TcpListener::bind(address).await.map_err(failed)
}
