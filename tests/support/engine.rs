//! `campanile serve` on a folder of its own.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Client, Process, Ran, campanile, campanile_in, eventually};

/// All time constants at a fiftieth of what they are.
pub const QUICK: &str = "lease=1.2,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=0.2,retry_first=0.05,retry_most=1";
/// Draining takes 30 s at most; a bit more is for the machine.
const DRAIN: Duration = Duration::from_secs(40);

/// How an engine is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// `CAMPANILE_TIMING`.
    pub timing: Option<&'static str>,
    /// How many workers.
    pub workers: usize,
    /// `RUST_LOG`; `None` for what is usual.
    pub log: Option<&'static str>,
    /// `CAMPANILE_TRUSTED_PROXIES`.
    pub proxies: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self { timing: Some(QUICK), workers: 4, log: None, proxies: None }
    }
}

/// `campanile serve` on a folder of its own. When it is dropped, and its test went well, it must stop with exit 0, with no
/// stream parked and a log that verifies.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    secret: String,
    base: Arc<RwLock<String>>,
    process: Option<Process>,
    starts: usize,
    ready_after: Duration,
    /// Dropped last: until then what the programs said can be read.
    folder: TempDir,
}

impl Engine {
    /// Makes a folder, an owner and a key, and serves.
    pub async fn start(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("data")).expect("the data folder");
        let init = campanile_in(&folder.path().join("data"), &["init", "--email", "owner@example.com", "--json"]);
        let made: Value = serde_json::from_str(&init.ok()).expect("what `init --json` prints");
        let secret = made["secret"].as_str().expect("a secret").to_owned();
        let base = Arc::new(RwLock::new(String::new()));
        let mut engine = Self { options, secret, base, process: None, starts: 0, ready_after: Duration::ZERO, folder };
        engine.restart().await;
        engine
    }

    /// The secret of the key that `init` printed.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The address that it answers on.
    pub fn base(&self) -> String {
        self.base.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client with that key.
    pub fn client(&self) -> Client {
        self.client_of(&self.secret)
    }

    /// A client with another key.
    pub fn client_of(&self, secret: &str) -> Client {
        Client::new(Arc::clone(&self.base), Some(secret))
    }

    /// A client without a key.
    pub fn anonymous(&self) -> Client {
        Client::new(Arc::clone(&self.base), None)
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where its programs' output is kept.
    pub fn outputs(&self) -> &Path {
        self.folder.path()
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the engine runs")
    }

    /// How long the newest start took until it was ready.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Runs a command on its data folder.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        campanile_in(&self.data(), arguments)
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill9(&mut self) {
        self.process().kill9();
        self.process = None;
    }

    /// Serves the folder again, and waits until it is ready.
    pub async fn restart(&mut self) {
        assert!(self.process.is_none(), "the engine runs already");
        self.starts += 1;
        let mut command = campanile();
        command.args(["serve", "--listen", "127.0.0.1:0", "--allow-egress", "127.0.0.0/8"]);
        command.args(["--workers", &self.options.workers.to_string()]);
        command.env("CAMPANILE_DATA", self.data()).current_dir(self.folder.path());
        if let Some(timing) = self.options.timing {
            command.env("CAMPANILE_TIMING", timing);
        }
        if let Some(proxies) = self.options.proxies {
            command.env("CAMPANILE_TRUSTED_PROXIES", proxies);
        }
        if let Some(log) = self.options.log {
            command.env("RUST_LOG", log);
        }
        let begun = Instant::now();
        let mut process = Process::start(&format!("serve-{}", self.starts), &mut command, self.folder.path());
        let address = process.address().await;
        self.base.write().unwrap_or_else(PoisonError::into_inner).clone_from(&address);
        self.process = Some(process);
        let client = self.anonymous();
        eventually("the engine is ready", super::SOON, async || {
            match client.try_send(client.request(reqwest::Method::GET, "/readyz")).await {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(answer.text),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
        self.ready_after = begun.elapsed();
    }

    /// Asks it to stop; it must finish what it has in hand and exit with 0.
    pub fn terminate(&mut self) {
        self.process().ask_to_stop();
        let status = self.process().ended(DRAIN);
        assert_eq!(status.code(), Some(0), "after SIGTERM; it said:\n{}", self.process().said());
        self.process = None;
    }

    /// Everything that all its starts have said.
    pub fn said(&self) -> String {
        let read = |name: String| std::fs::read(self.folder.path().join(name)).unwrap_or_default();
        let parts = (1..=self.starts).flat_map(|start| [format!("serve-{start}.out"), format!("serve-{start}.err")]);
        parts.map(|name| String::from_utf8_lossy(&read(name)).into_owned()).collect()
    }

    /// What must hold whatever a test did.
    fn check(&mut self) {
        if self.process.is_some() {
            let ready = get(&self.base.read().unwrap_or_else(PoisonError::into_inner), "/readyz");
            assert!(ready.starts_with("HTTP/1.1 200"), "the engine is not ready at the end:\n{ready}");
            self.terminate();
        }
        let verified = self.command(&["log", "verify"]);
        assert_eq!(verified.code, Some(0), "the log does not verify:\n{}{}", verified.output, verified.errors);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}

/// A GET without a runtime, for the end of a test.
fn get(base: &str, path: &str) -> String {
    let address = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the engine listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the engine reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the engine answers");
    answer
}
