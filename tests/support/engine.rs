//! `campanile serve` on a folder of its own.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::PoisonError,
    time::Duration,
};

use campanile_events::sabotage::CrashPoint;

use super::{Client, Node, Place, Process, Ran, Servers};

/// All time constants at a fiftieth of what they are.
pub const QUICK: &str = "lease=1.2,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=0.2,retry_first=0.05,retry_most=1";

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
    /// `CAMPANILE_LIMITS`.
    pub limits: Option<&'static str>,
    /// `CAMPANILE_PLANS`.
    pub plans: Option<&'static str>,
    /// An event type that its build doesn't know, as an older one wouldn't.
    pub unknown: Option<&'static str>,
    /// Whether it can be told to die at a crash point.
    pub crash_points: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timing: Some(QUICK),
            workers: 4,
            log: None,
            proxies: None,
            limits: None,
            plans: None,
            unknown: None,
            crash_points: false,
        }
    }
}

/// `campanile serve` on a folder of its own. When it is dropped, and its test went well, it must stop with exit 0, with no
/// stream parked and a log that verifies.
#[derive(Debug)]
pub struct Engine {
    secret: String,
    node: Node,
    /// Dropped last: until then what the programs said can be read.
    place: Place,
}

impl Engine {
    /// Makes a place, an owner and a key, and serves.
    pub async fn start(options: Options) -> Self {
        let place = Place::new();
        let secret = place.init()["secret"].as_str().expect("a secret").to_owned();
        let node = Node::new("serve", None, options, &place.data(), place.outputs());
        let mut engine = Self { secret, node, place };
        engine.restart().await;
        engine
    }

    /// The secret of the key that `init` printed.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The address that it answers on.
    pub fn base(&self) -> String {
        self.node.base().read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client with that key.
    pub fn client(&self) -> Client {
        self.client_of(&self.secret)
    }

    /// A client with another key.
    pub fn client_of(&self, secret: &str) -> Client {
        self.node.client(Some(secret))
    }

    /// A client without a key.
    pub fn anonymous(&self) -> Client {
        self.node.client(None)
    }

    /// Where it lives.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What it stands on, to be killed and started; only in the setting of many nodes.
    pub fn servers(&mut self) -> &mut Servers {
        self.place.servers_mut()
    }

    /// Waits until every part of it is well.
    pub async fn ready(&self) {
        self.node.ready().await;
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.place.data()
    }

    /// Where its programs' output is kept.
    pub fn outputs(&self) -> &Path {
        self.place.outputs()
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.node.process()
    }

    /// How long the newest start took until it was ready.
    pub fn ready_after(&self) -> Duration {
        self.node.ready_after()
    }

    /// The program, about this engine.
    pub fn program(&self) -> Command {
        self.place.program()
    }

    /// Runs a command on its data folder.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        self.place.command(arguments)
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill9(&mut self) {
        self.node.kill9();
    }

    /// Tells it where to die: at a crash point, when it comes to it for that time from now on.
    pub fn die_at(&self, point: CrashPoint, time: u32) {
        self.node.die_at(point, time);
    }

    /// Waits until it has died there.
    pub async fn dies_at(&mut self, point: CrashPoint, time: u32) {
        self.node.dies_at(point, time).await;
    }

    /// Serves the folder again, and waits until it is ready.
    pub async fn restart(&mut self) {
        self.node.start(self.place.program()).await;
    }

    /// Serves the folder again, and doesn't wait until it is ready.
    pub async fn launch(&mut self) {
        self.node.launch(self.place.program()).await;
    }

    /// Asks it to stop; it must finish what it has in hand and exit with 0.
    pub fn terminate(&mut self) {
        self.node.terminate();
    }

    /// Waits until it has stopped, once it was asked to.
    pub fn stopped(&mut self) {
        self.node.stopped();
    }

    /// Everything that all its starts have said.
    pub fn said(&self) -> String {
        self.node.said()
    }

    /// What must hold whatever a test did.
    fn check(&mut self) {
        if self.node.runs() {
            let ready = get(&self.base(), "/readyz");
            assert!(ready.starts_with("HTTP/1.1 200"), "the engine is not ready at the end:\n{ready}");
            self.terminate();
        }
        self.command(&["log", "verify"]).ok();
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
