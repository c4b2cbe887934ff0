//! A server's process.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a server may take to start or to end.
const SOON: Duration = Duration::from_secs(60);

/// A process whose words go to a file. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    said: PathBuf,
}

impl Process {
    /// Starts it, with all that it says in `said`.
    pub(crate) fn start(command: &mut Command, said: &Path) -> Self {
        let file = File::options().append(true).create(true).open(said).expect("a file for what a server says");
        let errors = file.try_clone().expect("a second handle");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), said: said.to_owned() }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` holds.
    pub(crate) fn wait_until(&mut self, ready: impl Fn() -> bool) {
        let begun = Instant::now();
        while !ready() {
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none() && begun.elapsed() < SOON, "{ended:?}: {}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).unwrap_or_default()).into_owned()
    }

    /// Sends it a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Holds it still, connections open.
    pub(crate) fn freeze(&self) {
        freeze(self.pid());
    }

    /// Ends it with a signal, and waits until it has gone.
    pub(crate) fn end(&mut self, name: &str) {
        if self.child.try_wait().expect("a child can be waited for").is_some() {
            return;
        }
        self.signal(name);
        let begun = Instant::now();
        while self.child.try_wait().expect("a child can be waited for").is_none() {
            if begun.elapsed() > SOON {
                self.signal("KILL");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ended = self.child.kill();
            let _gone = self.child.wait();
        }
    }
}

/// Sends a process a signal, by its name without `SIG`.
pub(crate) fn signal(pid: u32, name: &str) {
    let _gone_already = Command::new("sh").args(["-c", &format!("kill -{name} {pid} 2>/dev/null")]).status();
}

/// Holds a process still, and waits until none of its threads runs: the signal is taken by each when it next gets there,
/// and until then a server goes on answering.
///
/// # Panics
/// If it goes on for a minute.
pub fn freeze(pid: u32) {
    signal(pid, "STOP");
    let begun = Instant::now();
    while threads(pid).iter().any(|state| !matches!(state, 'T' | 't' | 'Z' | 'X')) {
        assert!(begun.elapsed() < SOON, "process {pid} doesn't stand still");
        thread::sleep(Duration::from_millis(1));
    }
}

/// What each of a process's threads does now, in the letters of `ps`; none if it has gone.
fn threads(pid: u32) -> Vec<char> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let state = |folder: PathBuf| {
        let text = fs::read_to_string(folder.join("stat")).ok()?;
        // After the name, which is in brackets and may hold anything.
        text.rsplit_once(") ")?.1.chars().next()
    };
    threads.flatten().filter_map(|thread| state(thread.path())).collect()
}

/// Whether somebody listens on this loopback port.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
