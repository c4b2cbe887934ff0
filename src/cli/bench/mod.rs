//! `campanile bench SCENARIO`

mod bar;
mod fitting;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};

use bar::Bar;
use fitting::Fitting;

use super::{Failure, logging, shutdown};
use crate::{
    bench::{self, Figures, Place, Plan, Route, Scenario},
    configuration::{Configuration, FolderFlags, LogFormat, ServeFlags},
};

const EXAMPLES: &str = "Examples:
  campanile bench append
  campanile bench append --clients 16 --seconds 5 --data /var/lib/campanile-bench
  campanile bench burst --targets 5000 --json
  campanile bench burst --database-url postgres://campanile@127.0.0.1/campanile --nats-url nats://127.0.0.1
  campanile bench http --route get --database-url postgres://campanile@127.0.0.1/campanile

BENCHMARKS.md says what each figure means.";

const NO_FOLDER: &str = "`startup` measures a data folder: run it without `database-url` in the configuration file and \
                         CAMPANILE_DATABASE_URL";

/// How long is waited for what still runs when the measuring is over.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);

/// Measure this machine with this configuration, each scenario beside a yardstick of the same run
///
/// An engine that is in use is never touched: everything happens in a temporary folder (within --data, if that is given),
/// and with --database-url in databases that are made on that server beside the named one (its user must be allowed to)
/// and dropped at the end, also after Ctrl-C, as are the streams that --nats-url leads to. An option that the scenario has
/// no use for is refused. Progress goes to standard error, the table or the JSON (one object a line) to standard output.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Bench {
    // First: it looks at what the others then take.
    #[command(flatten)]
    _fitting: Fitting,

    /// What to measure
    scenario: Scenario,

    /// How many do it at once, 1 to 1024: append, http, command, growth; burst: its yardstick
    #[arg(long, value_name = "NUMBER", default_value_t = 64, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1_024))]
    clients: u16,

    /// For how long, 0.1 to 600, in each part: append, http, command, authenticate; growth: at each size; precision: over how
    /// long posts fall due; burst: its yardstick, 5 at most
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, allow_negative_numbers = true, value_parser = seconds)]
    seconds: f64,

    /// How many events the log holds at least, 1 to 10000000 [default: replay and startup 100000, rebuild 20000]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    events: Option<u32>,

    /// How many targets are published, 1 to 100000 [default: burst 20000, precision 200, startup 4000]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    targets: Option<u32>,

    /// How many posts there are at most, 1000 to 1000000: growth [default: 100000]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    posts: Option<u32>,

    /// Which requests: http [default: both]
    #[arg(long, value_name = "ROUTE")]
    route: Option<Route>,

    /// Print one JSON object a line instead of a table
    #[arg(long)]
    json: bool,

    /// Measure in a temporary folder within this one: on its disk [default: where the system keeps what is temporary]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// Measure on this server of PostgreSQL, in databases beside the one that is named; not startup [default: SQLite]
    #[arg(long, value_name = "URL", env = "CAMPANILE_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// burst, precision: send jobs by these NATS servers, under a name of its own, and ask the sandbox over HTTP [default:
    /// within the process]
    #[arg(long, value_name = "URL", env = "CAMPANILE_NATS_URL", hide_env_values = true)]
    nats_url: Option<SecretString>,

    /// A file with settings, such as `workers` and `database-url` [default: campanile.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "CAMPANILE_CONFIG")]
    config: Option<PathBuf>,
}

impl Bench {
    pub(super) fn run(self) -> Result<(), Failure> {
        // What NATS's client has to say of its tries, the error says in a sentence.
        logging::start(LogFormat::Pretty, "error,async_nats=off");
        let folder = FolderFlags { database_url: self.database_url, config: self.config, ..FolderFlags::default() };
        let configuration =
            Configuration::resolve(ServeFlags { folder, nats_url: self.nats_url, ..ServeFlags::default() })?;
        if self.scenario == Scenario::Startup && configuration.folder.database.is_some() {
            return Err(Failure::Refused(NO_FOLDER.to_owned()));
        }
        let plan = Plan {
            clients: self.clients.into(),
            length: Duration::from_secs_f64(self.seconds),
            events: self.events.map(|it| it as usize),
            targets: self.targets.map(|it| it as usize),
            posts: self.posts.map(|it| it as usize),
            route: self.route,
        };
        let figures = measured(self.scenario, &plan, configuration, self.data.as_deref())?;
        for figures in figures {
            if self.json {
                say!("{}", serde_json::to_string(&figures).expect("figures are numbers and words"));
            } else {
                say!("{figures}");
            }
        }
        Ok(())
    }
}

/// Measures, and takes away what was made for it, whatever came of it.
fn measured(
    scenario: Scenario,
    plan: &Plan,
    configuration: Configuration,
    data: Option<&Path>,
) -> Result<Vec<Figures>, Failure> {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let (measuring, removing) = (runtime()?, runtime()?);
    // Listened to before there is anything to take away.
    let told = measuring.block_on(async { told() })?;
    let place = Place::new(configuration, data).map_err(failed)?;
    let telling = Bar::default();
    let measured = measuring.block_on(async {
        tokio::select! {
            measured = bench::run(scenario, plan, &place, &telling) => measured.map_err(failed),
            () = told => Err(Failure::Failed("stopped".to_owned())),
        }
    });
    drop(telling);
    // What an engine still does in the background would write where everything is taken away.
    measuring.shutdown_timeout(STOPPED_WITHIN);
    match (measured, removing.block_on(place.remove())) {
        (measured, Ok(())) => measured,
        (Ok(_), Err(stays)) => Err(failed(stays)),
        (Err(failure), Err(stays)) => Err(Failure::Failed(format!("{}; besides, {stays:#}", failure.message()))),
    }
}

/// Done once the process is told to stop, or its terminal is gone.
fn told() -> std::io::Result<impl Future<Output = ()>> {
    let told = shutdown::told()?;
    let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match hangup {
                Some(mut hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = told => {}
            _ = hung_up => {}
        }
    })
}

/// Whether whoever started the process wants it to outlive its terminal, as `nohup` does. Where the system doesn't tell,
/// nobody does.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or_default();
    mask >> (SignalKind::hangup().as_raw_value() - 1) & 1 == 1
}

#[expect(clippy::needless_pass_by_value, reason = "errors are given away")]
fn failed(error: anyhow::Error) -> Failure {
    Failure::Failed(format!("{error:#}"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=600.0).contains(&seconds) { Ok(seconds) } else { Err("must be 0.1 to 600".to_owned()) }
}
