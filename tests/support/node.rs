//! `campanile serve` as a process, again and again on one data folder.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use campanile_events::stored::UNKNOWN_EVENT;

use super::{Client, Options, Process, SOON, eventually};

/// Draining takes 30 s at most; a bit more is for the machine.
const DRAIN: Duration = Duration::from_secs(40);
/// How long a process is given that ends by itself, such as one that does not find its database yet.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// The socket in a data folder.
const SOCKET: &str = "campanile.sock";

/// A process of the engine. It is killed, stopped and started again by its own pid.
#[derive(Debug)]
pub struct Node {
    name: String,
    roles: Option<&'static str>,
    options: Options,
    data: PathBuf,
    outputs: PathBuf,
    base: Arc<RwLock<String>>,
    process: Option<Process>,
    /// Where it finds the bus, if not where all others do.
    bus: Option<String>,
    starts: usize,
    ready_after: Duration,
}

impl Node {
    /// One that isn't started yet. Its output is kept in `outputs`, in files with its name.
    pub fn new(name: &str, roles: Option<&'static str>, options: Options, data: &Path, outputs: &Path) -> Self {
        Self {
            name: name.to_owned(),
            roles,
            options,
            data: data.to_owned(),
            outputs: outputs.to_owned(),
            base: Arc::default(),
            process: None,
            bus: None,
            starts: 0,
            ready_after: Duration::ZERO,
        }
    }

    /// Another build of it, from the next start on: one that doesn't know an event type, or one that knows all.
    pub fn of_build(&mut self, unknown: Option<&'static str>) {
        self.options.unknown = unknown;
    }

    /// Lets it look for the bus elsewhere, from the next start on.
    pub fn finds_bus_at(&mut self, url: String) {
        self.bus = Some(url);
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether it answers requests of clients.
    pub fn answers_clients(&self) -> bool {
        self.roles.is_none_or(|roles| roles.split(',').any(|role| role == "api"))
    }

    /// Where clients find it, now and after each start.
    pub fn base(&self) -> Arc<RwLock<String>> {
        Arc::clone(&self.base)
    }

    /// A client of it; without a key at the machine's own socket if it answers no others.
    pub fn client(&self, secret: Option<&str>) -> Client {
        if self.answers_clients() { Client::new(self.base(), secret) } else { Client::at(&self.data.join(SOCKET)) }
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the engine runs")
    }

    /// Whether it was started, and neither killed nor stopped.
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// How long the newest start took until it was ready.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Starts it with `program`, and waits until it is ready.
    pub async fn start(&mut self, program: Command) {
        let begun = Instant::now();
        self.launch(program).await;
        self.ready().await;
        self.ready_after = begun.elapsed();
    }

    /// Starts it with `program`, and waits until it says where it answers, if it does.
    pub async fn launch(&mut self, mut program: Command) {
        assert!(self.process.is_none(), "`{}` runs already", self.name);
        self.starts += 1;
        program.args(["serve", "--listen", "127.0.0.1:0", "--allow-egress", "127.0.0.0/8"]);
        program.args(["--workers", &self.options.workers.to_string()]).current_dir(&self.outputs);
        for (name, value) in [
            ("CAMPANILE_ROLES", self.roles),
            ("CAMPANILE_TIMING", self.options.timing),
            ("CAMPANILE_TRUSTED_PROXIES", self.options.proxies),
            ("CAMPANILE_LIMITS", self.options.limits),
            (UNKNOWN_EVENT, self.options.unknown),
            ("RUST_LOG", self.options.log),
        ] {
            if let Some(value) = value {
                program.env(name, value);
            }
        }
        if let Some(bus) = &self.bus {
            program.env("CAMPANILE_NATS_URL", bus);
        }
        let mut process = Process::start(&format!("{}-{}", self.name, self.starts), &mut program, &self.outputs);
        if self.answers_clients() {
            let address = process.address().await;
            self.base.write().unwrap_or_else(PoisonError::into_inner).clone_from(&address);
        }
        self.process = Some(process);
    }

    /// Waits until every part of it is well.
    pub async fn ready(&self) {
        let client = self.client(None);
        eventually(&format!("`{}` is ready", self.name), SOON.max(GIVEN_UP), async || {
            match client.try_send(client.request(reqwest::Method::GET, "/readyz")).await {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(answer.text),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill9(&mut self) {
        self.process().kill9();
        self.process = None;
    }

    /// Asks it to stop; it must finish what it has in hand and exit with 0.
    pub fn terminate(&mut self) {
        self.process().ask_to_stop();
        self.stopped();
    }

    /// Waits until it has stopped, once it was asked to.
    pub fn stopped(&mut self) {
        let status = self.process().ended(DRAIN);
        assert_eq!(status.code(), Some(0), "after SIGTERM; it said:\n{}", self.process().said());
        self.process = None;
    }

    /// Everything that all its starts have said.
    pub fn said(&self) -> String {
        let read = |name: String| std::fs::read(self.outputs.join(name)).unwrap_or_default();
        let parts = (1..=self.starts).flat_map(|start| ["out", "err"].map(|it| format!("{}-{start}.{it}", self.name)));
        parts.map(|name| String::from_utf8_lossy(&read(name)).into_owned()).collect()
    }
}
