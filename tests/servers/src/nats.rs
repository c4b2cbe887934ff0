//! A NATS server of a test's own.

use std::{
    fs,
    io::Read,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    free_port,
    process::{Process, listens},
};

/// Where Debian keeps the server; elsewhere it is looked for on the `PATH`.
const PROGRAM: &str = "/usr/sbin/nats-server";

/// A NATS server with JetStream, its store in a folder of its own, on a free loopback port. It ends with this value,
/// without a trace.
#[derive(Debug)]
pub struct Nats {
    folder: TempDir,
    port: u16,
    tls: bool,
    process: Option<Process>,
}

impl Nats {
    /// Starts one that everybody may use.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts one that asks for a user's name and password.
    pub fn start_with_user(user: &str, password: &str) -> Self {
        Self::start_with(&format!("authorization {{ user: {user:?}, password: {password:?} }}"))
    }

    /// Starts one that asks for a token.
    pub fn start_with_token(token: &str) -> Self {
        Self::start_with(&format!("authorization {{ token: {token:?} }}"))
    }

    /// Starts one that speaks TLS only, with a certificate for `localhost` and 127.0.0.1 from an authority of its own
    /// ([`Nats::ca`]).
    pub fn start_with_tls() -> Self {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        let (ca, ca_key, certificate, key) = (at("ca.pem"), at("ca.key"), at("server.pem"), at("server.key"));
        certify(&ca, &ca_key, &["-subj", "/CN=campanile's tests"], None);
        let names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
        certify(&certificate, &key, &names, Some((&ca, &ca_key)));
        let (certificate, key) = (certificate.display(), key.display());
        let more = format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", timeout: 5 }}");
        Self::start_in(folder, &more, true)
    }

    /// Starts one with these lines in its configuration.
    pub fn start_with(more: &str) -> Self {
        Self::start_in(folder(), more, false)
    }

    fn start_in(folder: TempDir, more: &str, tls: bool) -> Self {
        let mut nats = Self { folder, port: free_port(), tls, process: None };
        nats.configure(more);
        nats.start_again();
        nats
    }

    /// Other lines for its configuration, from the next start on.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: \"{}\", max_file: 1G, max_mem: 64M }}\n{more}\n",
            self.port,
            self.store().display()
        );
        fs::write(self.configuration(), text).expect("a file of ours");
    }

    /// Starts it again where it stood, on the same port, after [`Nats::kill9`] or [`Nats::stop`].
    pub fn start_again(&mut self) {
        let program = if Path::new(PROGRAM).exists() { PROGRAM } else { "nats-server" };
        let mut command = Command::new(program);
        // What loses its store while it writes goes on where it stands.
        command.arg("-c").arg(self.configuration()).current_dir(self.folder.path());
        let mut process = Process::start(&mut command, &self.folder.path().join("said"));
        let port = self.port;
        process.wait_until(|| listens(port) && greets(port));
        self.process = Some(process);
    }

    /// Ends the server at once, in the middle of whatever it does, as a crash would.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end("KILL");
        }
    }

    /// Stops the server in order.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end("TERM");
        }
    }

    /// Holds the server still, connections open, as one that has lost its disk; [`Nats::thaw`] lets it go on.
    pub fn freeze(&self) {
        self.running().freeze();
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.running().signal("CONT");
    }

    /// Deletes all that it stored. It must be down.
    pub fn wipe(&self) {
        self.assert_down();
        if self.store().exists() {
            fs::remove_dir_all(self.store()).expect("a folder of ours");
        }
    }

    /// A copy of all that it stores, as it lies there now.
    pub fn snapshot(&self) -> Snapshot {
        let folder = folder();
        copy(&self.store(), &folder.path().join("store"));
        Snapshot(folder)
    }

    /// Puts back all that it stored at that time: streams and consumers. It must be down.
    pub fn roll_back(&self, snapshot: &Snapshot) {
        self.wipe();
        copy(&snapshot.0.path().join("store"), &self.store());
    }

    /// Puts back the streams' messages as they were at that time, while the consumers keep how far they are: what a
    /// crashed machine leaves when the messages weren't synced. It must be down.
    pub fn roll_back_messages(&self, snapshot: &Snapshot) {
        self.assert_down();
        let (old, new) = (snapshot.0.path().join("store"), self.store());
        for messages in folders_named("msgs", &new) {
            fs::remove_dir_all(&messages).expect("a folder of ours");
            let before = old.join(messages.strip_prefix(&new).expect("a folder in the store"));
            if before.exists() {
                copy(&before, &messages);
            }
        }
    }

    /// The folder of all its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's address, without credentials.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "tls" } else { "nats" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The server's address with `user:password` or a token in it.
    pub fn url_as(&self, credentials: &str) -> String {
        self.url().replacen("://", &format!("://{credentials}@"), 1)
    }

    /// The certificate of the authority behind a server with TLS.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What the server has said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("a server that runs")
    }

    fn assert_down(&self) {
        assert!(self.process.is_none(), "the server's folder is its own while it runs");
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("nats.conf")
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// What a server stored at some time.
#[derive(Debug)]
pub struct Snapshot(TempDir);

fn folder() -> TempDir {
    TempDir::with_prefix("campanile-nats-").expect("a temporary folder")
}

/// Whether the server says who it is (a starting one listens before it does).
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let mut word = [0; 4];
    stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok() && stream.read_exact(&mut word).is_ok()
}

/// Makes a key and a certificate for it, by an authority's key or by its own.
fn certify(certificate: &Path, key: &Path, more: &[&str], by: Option<(&Path, &Path)>) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    if let Some((ca, ca_key)) = by {
        openssl.arg("-CA").arg(ca).arg("-CAkey").arg(ca_key).args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    }
    let output = openssl.args(more).arg("-keyout").arg(key).arg("-out").arg(certificate).output();
    let output = output.expect("`openssl` (3.0 or later) runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("`cp` runs");
    assert!(copied.success(), "{} can't be copied", from.display());
}

fn folders_named(name: &str, under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(under).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|it| it == name) {
            found.push(path);
        } else if path.is_dir() {
            found.extend(folders_named(name, &path));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_again_after_a_kill_and_comes_with_credentials_and_tls() {
        let mut nats = Nats::start_with_user("campanile", "a secret");
        nats.kill9();
        assert!(!listens(nats.port()));
        nats.start_again();
        assert!(greets(nats.port()), "{}", nats.said());
        assert_eq!(nats.url_as("a:b"), format!("nats://a:b@127.0.0.1:{}", nats.port()));
        let tls = Nats::start_with_tls();
        assert!(tls.ca().exists() && tls.url().starts_with("tls://"));
    }
}
