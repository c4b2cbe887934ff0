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

/// Whether somebody listens on this loopback port.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
