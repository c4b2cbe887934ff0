//! The running server.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        LazyLock, Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
};

use tempfile::TempDir;

use super::{
    super::free_port,
    install::{installed, source},
};

static SHARED: LazyLock<Result<Pds, String>> = LazyLock::new(|| Pds::try_start(None));

/// A server on loopback with data of its own. Dropped, it ends; so it does when the test program ends, be it killed.
#[derive(Debug)]
pub struct Pds {
    port: u16,
    process: Child,
    /// What is said to it, and what it says.
    talk: Mutex<(ChildStdin, Receiver<String>)>,
    data: TempDir,
}

impl Pds {
    /// Signs the server's tokens, so that a test can make one that has expired.
    pub const JWT_SECRET: &str = "a-secret-that-only-tests-know";

    /// The one server that all tests of this process share; `None`, said aloud, where it can't be had.
    pub fn shared() -> Option<&'static Self> {
        SHARED.as_ref().map_err(|why| skip(why)).ok()
    }

    /// A server of a test's own that says it is at another port of this machine, where somebody passes on what comes;
    /// `None`, said aloud, where it can't be had.
    pub fn start_behind(public_port: u16) -> Option<Self> {
        Self::try_start(Some(public_port)).map_err(|why| skip(&why)).ok()
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends its clock ahead by so many hours.
    pub fn go_ahead(&self, hours: u32) {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, words) = &mut *talk;
        writeln!(input, "{hours}").expect("the server runs");
        assert!(words.iter().any(|word| word == "ahead"), "the server ended: {}", self.said());
    }

    /// What it has said of its troubles so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.data.path().join("said")).unwrap_or_default()
    }

    fn try_start(public_port: Option<u16>) -> Result<Self, String> {
        let run = installed()?;
        let data = TempDir::with_prefix("campanile-pds-").map_err(|error| error.to_string())?;
        let (port, plc) = (free_port(), free_port());
        let said = File::create(data.path().join("said")).map_err(|error| error.to_string())?;
        let mut process = Command::new(run.node)
            .arg(source("pds.cjs"))
            .args([run.home.join("server"), data.path().to_owned()])
            .args([port, plc, public_port.unwrap_or(port)].map(|port| port.to_string()))
            .env("PDS_JWT_SECRET", Self::JWT_SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .map_err(|error| format!("node: {error}"))?;
        let input = process.stdin.take().expect("it was asked for");
        let words = words(process.stdout.take().expect("it was asked for"));
        let is_ready = words.iter().any(|word| word == "ready");
        let pds = Self { port, process, talk: Mutex::new((input, words)), data };
        if is_ready { Ok(pds) } else { Err(format!("it ended while it started: {}", pds.said())) }
    }
}

impl Drop for Pds {
    fn drop(&mut self) {
        // One that has ended by itself is gone already.
        let _ended = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Its lines. All are read, whoever wants them: what it prints must not fill the pipe.
fn words(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Whoever wanted it may be gone.
            let _unheard = sender.send(line);
        }
    });
    receiver
}

fn skip(why: &str) {
    assert!(env::var_os("CAMPANILE_TESTS_NEED_PDS").is_none(), "no Bluesky server: {why}");
    // Past the test harness, which shows what a passing test prints to nobody.
    let _unheard = writeln!(io::stderr(), "SKIPPED, no Bluesky server: {why}");
}
