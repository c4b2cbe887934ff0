//! A real server: installed once under `target/`, started once for all tests, ended with them.
//!
//! Where npm is missing or the installation fails, the tests that need it say so and pass. `CAMPANILE_TESTS_NEED_PDS=1`
//! makes that a failure.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::LazyLock,
};

/// Signs the server's tokens, so that a test can make one that has expired.
pub(crate) const JWT_SECRET: &str = "a-secret-that-only-these-tests-know";

static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);

/// The running server.
pub(crate) struct Server {
    pub url: String,
    /// The server ends when this is closed, which the end of the tests does.
    _input: ChildStdin,
    _data: tempfile::TempDir,
}

/// The server; `None`, said aloud, where it can't be had.
pub(crate) fn server() -> Option<&'static Server> {
    match &*SERVER {
        Ok(server) => Some(server),
        Err(why) => {
            assert!(std::env::var_os("CAMPANILE_TESTS_NEED_PDS").is_none(), "no Bluesky server: {why}");
            // Past the test harness, which shows what a passing test prints to nobody.
            let _ = writeln!(std::io::stderr(), "SKIPPED, no Bluesky server: {why}");
            None
        }
    }
}

impl Server {
    fn start() -> Result<Self, String> {
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pds");
        std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
        let node = install(&home)?;
        let data = tempfile::tempdir().map_err(|error| error.to_string())?;
        let [pds, plc] = free_ports();
        let log = std::fs::File::create(home.join("run.log")).map_err(|error| error.to_string())?;
        let mut process = Command::new(node)
            .arg(source("pds.cjs"))
            .args([home.join("server"), data.path().to_owned()])
            .args([pds.to_string(), plc.to_string()])
            .env("PDS_JWT_SECRET", JWT_SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("node: {error}"))?;
        let input = process.stdin.take().expect("it was asked for");
        let mut lines = BufReader::new(process.stdout.take().expect("it was asked for")).lines();
        let is_ready = lines.any(|line| line.is_ok_and(|line| line == "ready"));
        if !is_ready {
            return Err(format!("it ended while it started, see {}", home.join("run.log").display()));
        }
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { url: format!("http://127.0.0.1:{pds}"), _input: input, _data: data })
    }
}

/// Installs what is not there, and tells the node to run it with.
fn install(home: &Path) -> Result<PathBuf, String> {
    let output = Command::new("sh").arg(source("install.sh")).arg(home).output();
    let output = output.map_err(|error| format!("sh: {error}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("not installed, see {}: {}", home.display(), words.trim()));
    }
    let words = String::from_utf8_lossy(&output.stdout);
    Ok(PathBuf::from(words.trim()))
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bluesky").join(name)
}

/// Two ports that nobody had a moment ago: the server's own address has to be known before it listens.
fn free_ports() -> [u16; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("an address").port())
}
