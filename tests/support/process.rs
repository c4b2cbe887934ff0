//! A program that runs beside the test.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use super::eventually;

/// A program that runs beside the test. It is ended by its own pid, and what it says is kept in files.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    output: PathBuf,
    errors: PathBuf,
}

impl Process {
    /// Starts it; its output goes to files in `folder`, named after it.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Self {
        let output = folder.join(format!("{name}.out"));
        let errors = folder.join(format!("{name}.err"));
        let file = |path: &Path| Stdio::from(File::create(path).expect("a file for what a program says"));
        command.stdin(Stdio::null()).stdout(file(&output)).stderr(file(&errors));
        let child = command.spawn().expect("the program starts");
        Self { child, name: name.to_owned(), output, errors }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far: output, then errors.
    pub fn said(&self) -> String {
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        format!("{}{}", read(&self.output), read(&self.errors))
    }

    /// Waits until it names the address that it answers on.
    pub async fn address(&mut self) -> String {
        let name = self.name.clone();
        eventually(&format!("`{name}` says its address"), 2 * super::SOON, async || {
            let said = self.said();
            if let Some(address) = address_in(&said) {
                return Ok(address);
            }
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "`{name}` ended with {ended:?} and said:\n{said}");
            Err(said)
        })
        .await
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill9(&mut self) {
        self.child.kill().expect("a child of ours can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Asks it to stop, and does not wait.
    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Tells it that its terminal is gone, and does not wait.
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Holds it still, connections open, as a machine that is out of memory or a paused container does.
    pub fn freeze(&self) {
        campanile_test_servers::freeze(self.pid());
    }

    /// Lets it go on after [`Process::freeze`].
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let asked = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid())]).status();
        assert!(asked.expect("a shell").success(), "`{}` takes no signal", self.name);
    }

    /// Waits until it has ended.
    pub fn ended(&mut self, limit: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            if begun.elapsed() > limit {
                self.kill9();
                panic!("`{}` did not end within {limit:?}; it said:\n{}", self.name, self.said());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Memory that it holds now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.runs() {
            self.kill9();
        }
        if std::thread::panicking() {
            eprintln!("--- `{}` said:\n{}\n---", self.name, last_of(&self.said()));
        }
    }
}

/// The first loopback address with a port that a text names.
fn address_in(said: &str) -> Option<String> {
    let from = said.find("http://127.0.0.1:")?;
    let rest = &said[from + "http://127.0.0.1:".len()..];
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    // The line may be half written.
    (rest.len() > port.len() && !port.is_empty()).then(|| format!("http://127.0.0.1:{port}"))
}

/// The end of a long text.
fn last_of(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    let skipped = lines.len().saturating_sub(200);
    lines[skipped..].join("\n")
}
