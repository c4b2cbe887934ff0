//! `campanile serve` as a process, again and again on one data folder.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use campanile_events::{
    sabotage::{CRASH_AT, CrashPoint},
    stored::UNKNOWN_EVENT,
};

use super::{Client, Options, Process, SOON, eventually};

/// Draining takes 30 s at most; a bit more is for the machine.
const DRAIN: Duration = Duration::from_secs(40);
/// How long a process is given that ends by itself, such as one that does not find its database yet.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// The socket in a data folder.
const SOCKET: &str = "campanile.sock";
/// What ends a process that aborts.
const SIGABRT: i32 = 6;

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
            starts: 0,
            ready_after: Duration::ZERO,
        }
    }

    /// Another build of it, from the next start on: one that doesn't know an event type, or one that knows all.
    pub fn of_build(&mut self, unknown: Option<&'static str>) {
        self.options.unknown = unknown;
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

    /// Who comes to it over the network with nothing in hand, as what watches nodes does.
    pub fn visitor(&self) -> Client {
        Client::new(self.base(), None)
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

    /// Starts it with `program`, and waits until it says where it answers.
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
            ("CAMPANILE_PLANS", self.options.plans),
            (UNKNOWN_EVENT, self.options.unknown),
            ("RUST_LOG", self.options.log),
        ] {
            if let Some(value) = value {
                program.env(name, value);
            }
        }
        if self.options.crash_points {
            program.env(CRASH_AT, self.crash_file());
        }
        let mut process = Process::start(&format!("{}-{}", self.name, self.starts), &mut program, &self.outputs);
        let address = process.address().await;
        self.base.write().unwrap_or_else(PoisonError::into_inner).clone_from(&address);
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

    /// Tells it where to die: at a crash point, when it comes to it for that time from now on. For one that was started with
    /// [`Options::crash_points`].
    pub fn die_at(&self, point: CrashPoint, time: u32) {
        // Half an order could be another one.
        let whole = self.crash_file().with_extension("new");
        fs::write(&whole, format!("{point} {time}")).expect("a file of ours");
        fs::rename(&whole, self.crash_file()).expect("a file of ours");
    }

    /// Waits until it has died there; its next start lives.
    pub async fn dies_at(&mut self, point: CrashPoint, time: u32) {
        let process = self.process();
        let what = format!("{point} is met {time} times");
        eventually(&what, SOON, async || if process.runs() { Err(process.said()) } else { Ok(()) }).await;
        let (status, said) = (process.ended(Duration::ZERO), process.said());
        let last_words = format!("crash point {point}, met {time} times");
        let died_there = status.signal() == Some(SIGABRT) && said.lines().any(|line| line == last_words);
        assert!(died_there, "it ended with {status:?}, and not at {point}; it said:\n{said}");
        fs::remove_file(self.crash_file()).expect("a file of ours");
        self.process = None;
    }

    fn crash_file(&self) -> PathBuf {
        self.outputs.join(format!("{}.crash-at", self.name))
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
