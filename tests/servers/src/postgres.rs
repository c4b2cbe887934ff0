//! A PostgreSQL cluster of a test's own.

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    free_port,
    process::{Process, freeze, listens, signal},
};

/// Who owns every database of a test.
const OWNER: &str = "campanile";

/// A PostgreSQL server with a cluster of its own, on a free loopback port. Everybody on the machine may connect; it ends
/// with this value, without a trace.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    process: Option<Process>,
}

impl Postgres {
    /// Starts one with PostgreSQL's defaults, but for `fsync`: a process may be killed in a test, the machine may not.
    pub fn start() -> Self {
        Self::start_with(&["fsync=off"])
    }

    /// Starts one with these settings (`name=value`) over PostgreSQL's defaults.
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = TempDir::with_prefix("campanile-postgres-").expect("a temporary folder");
        let copied = Command::new("cp").arg("-a").arg(template()).arg(folder.path().join("data")).status();
        assert!(copied.expect("`cp`").success(), "the cluster can't be copied");
        if let Some((user, group)) = server_user() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).expect("a folder of ours");
        }
        let settings = settings.iter().map(|it| (*it).to_owned()).collect();
        let mut postgres = Self { folder, port: free_port(), settings, process: None };
        postgres.start_again();
        postgres
    }

    /// Starts it again where it stood, on the same port, after [`Postgres::kill9`] or [`Postgres::stop`].
    pub fn start_again(&mut self) {
        let data = self.data();
        let mut command = as_server_user("postgres");
        command.arg("-D").arg(&data).args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k", ""]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let mut process = Process::start(&mut command, &self.folder.path().join("said"));
        let port = self.port;
        process.wait_until(|| listens(port) && ready(port));
        self.process = Some(process);
    }

    /// Ends the server and all its backends at once, in the middle of whatever they do, as a crash would.
    pub fn kill9(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // Stopped first: who sees a backend die starts others in its place.
        process.freeze();
        let backends = children(process.pid());
        for backend in &backends {
            signal(*backend, "KILL");
        }
        process.end("KILL");
        // The next server may not come while one of them still holds the memory that they shared.
        while backends.iter().any(|backend| lives(*backend)) {
            thread::sleep(Duration::from_millis(5));
        }
        // What a killed server leaves behind; another may not have this port's shared memory meanwhile.
        let _none = fs::remove_file(self.data().join("postmaster.pid"));
    }

    /// Holds the server and all its backends still, connections open, as a machine without memory does.
    pub fn freeze(&self) {
        let Some(process) = &self.process else { return };
        // The one that makes new ones first.
        process.freeze();
        children(process.pid()).into_iter().for_each(freeze);
    }

    /// Lets it go on after [`Postgres::freeze`].
    pub fn thaw(&self) {
        let Some(process) = &self.process else { return };
        process.signal("CONT");
        for backend in children(process.pid()) {
            signal(backend, "CONT");
        }
    }

    /// Stops the server in order; who is connected is thrown out.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end("INT");
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

    /// The address of one of its databases; `postgres` is always there.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database, and answers its address.
    pub fn create_database(&self, name: &str) -> String {
        self.sql("postgres", &format!("create database {name}"));
        self.url(name)
    }

    /// Runs statements in a database; answers the rows, a line each, columns parted by `|`.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let mut command = program("psql");
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", &self.url(database), "-c", statements]);
        let output = command.output().expect("`psql` runs");
        assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// A database as `pg_dump` writes it.
    pub fn dump(&self, database: &str) -> Vec<u8> {
        let output = program("pg_dump").arg(self.url(database)).output().expect("`pg_dump` runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Restores what [`Postgres::dump`] gave into an empty database.
    pub fn restore(&self, database: &str, dump: &[u8]) {
        let file = self.folder.path().join("restored.sql");
        fs::write(&file, dump).expect("a file of ours");
        let mut command = program("psql");
        command.args(["-Xq", "-v", "ON_ERROR_STOP=1", &self.url(database), "-f"]).arg(&file);
        let output = command.output().expect("`psql` runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What the server has said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Who stands still hears nothing else.
        self.thaw();
        if let Some(mut process) = self.process.take() {
            process.end("QUIT");
        }
    }
}

/// One of PostgreSQL's programs; Debian keeps them in a folder per version, off the `PATH`.
fn program(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|it| it.path().join("bin").join(name)).filter(|it| it.exists()).max();
    Command::new(newest.unwrap_or_else(|| name.into()))
}

/// One of the server's own programs, which won't run as root.
fn as_server_user(name: &str) -> Command {
    let mut command = program(name);
    command.current_dir("/").env("LC_ALL", "C");
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command
}

/// Debian's user for PostgreSQL, if this process is root's.
fn server_user() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").expect("this process's status");
    let root = status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"));
    if !root {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the machine's users");
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("the user `postgres`, to step down to");
    let mut numbers = line.split(':').skip(2).map(|it| it.parse().expect("a user's number"));
    numbers.next().zip(numbers.next())
}

/// An empty cluster, made once and copied for each server: `initdb` takes more than a second.
fn template() -> PathBuf {
    let program = env::current_exe().expect("this program's own file");
    let folder = program.parent().and_then(Path::parent).expect("a build folder").join("test-servers");
    fs::create_dir_all(&folder).expect("a folder beside the build");
    // Several test programs start at once: one makes it, the others wait.
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let template = folder.join("postgres");
    if !template.exists() {
        let made = TempDir::with_prefix("campanile-initdb-").expect("a temporary folder");
        if let Some((user, group)) = server_user() {
            std::os::unix::fs::chown(made.path(), Some(user), Some(group)).expect("a folder of ours");
        }
        let data = made.path().join("data");
        let mut initdb = as_server_user("initdb");
        initdb.args(["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
        let output = initdb.output().expect("PostgreSQL's `initdb` (Debian: postgresql)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let copied = Command::new("cp").arg("-a").arg(&data).arg(folder.join("postgres.new")).status();
        assert!(copied.expect("`cp`").success(), "the cluster can't be kept");
        fs::rename(folder.join("postgres.new"), &template).expect("a rename in one folder");
    }
    template
}

/// Whether the server takes connections (a starting one listens before it does).
fn ready(port: u16) -> bool {
    let mut command = program("pg_isready");
    command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status().is_ok_and(|it| it.success())
}

fn children(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|it| it.parse().ok()).collect()
}

/// Whether a process runs; one that only waits to be counted by its parent doesn't.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_outlives_a_kill() {
        let mut postgres = Postgres::start();
        postgres.create_database("a");
        postgres.sql("a", "create table t (n int); insert into t values (7)");
        postgres.kill9();
        postgres.start_again();
        assert_eq!(postgres.sql("a", "select n from t"), "7");
        let dump = postgres.dump("a");
        postgres.create_database("b");
        postgres.restore("b", &dump);
        assert_eq!(postgres.sql("b", "select n from t"), "7");
    }
}
