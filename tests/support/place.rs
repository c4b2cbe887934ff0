//! Where an engine lives.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Environment, Ran, Servers, campanile, handed};

/// Which engine a run is about: `embedded`, as when it isn't given, or `production`.
const SETTING: &str = "CAMPANILE_TESTS_SETTING";

/// Where an engine lives: a data folder, and in the setting of many nodes a PostgreSQL and a NATS.
///
/// One variable chooses for a whole run, so that no test is written twice: `CAMPANILE_TESTS_SETTING=production`.
#[derive(Debug)]
pub struct Place {
    environment: Environment,
    servers: Option<Servers>,
    folder: TempDir,
}

impl Place {
    /// An empty one, in the setting that the run is about.
    pub fn new() -> Self {
        if Self::is_of_many_nodes() { Self::of_many_nodes() } else { Self::with(None) }
    }

    /// Whether the run is about many nodes.
    pub fn is_of_many_nodes() -> bool {
        match std::env::var(SETTING).as_deref() {
            Err(_) | Ok("embedded") => false,
            Ok("production") => true,
            Ok(other) => panic!("{SETTING} is `embedded` or `production`, not `{other}`"),
        }
    }

    /// An empty one for many nodes, whatever the run is about.
    pub fn of_many_nodes() -> Self {
        Self::with(Some(Servers::start()))
    }

    fn with(servers: Option<Servers>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("data")).expect("the data folder");
        let environment = servers.as_ref().map(Servers::environment).unwrap_or_default();
        Self { environment, servers, folder }
    }

    /// Makes an engine; gives what `init --json` prints.
    pub fn init(&self) -> Value {
        let made = self.command(&["init", "--email", "owner@example.com", "--json"]).ok();
        let made: Value = serde_json::from_str(&made).expect("what `init --json` prints");
        handed::keep(made["secret"].as_str().unwrap_or_default());
        made
    }

    /// The program, about this place and in its data folder.
    pub fn program(&self) -> Command {
        self.program_in(&self.data())
    }

    /// The program of a node with another data folder.
    pub fn program_in(&self, data: &Path) -> Command {
        let mut command = campanile();
        self.environment.tell(&mut command);
        command.env("CAMPANILE_DATA", data).current_dir(data);
        command
    }

    /// Runs a command to its end.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.program().args(arguments))
    }

    /// Serves, which is refused; gives what it said. One that serves all the same is ended.
    pub fn refused_to_serve(&self) -> Ran {
        Ran::refused_to_serve(self.program(), self.outputs())
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the data folder is in; programs' output is kept there.
    pub fn outputs(&self) -> &Path {
        self.folder.path()
    }

    /// What many nodes stand on; none in the embedded setting.
    pub fn servers(&self) -> Option<&Servers> {
        self.servers.as_ref()
    }

    /// The same, to be killed and started.
    pub fn servers_mut(&mut self) -> &mut Servers {
        self.servers.as_mut().expect("a place for many nodes")
    }

    /// Every folder in which something of the engine is kept.
    pub fn folders(&self) -> Vec<PathBuf> {
        let servers = self.servers.iter().flat_map(|it| [it.postgres.folder(), it.nats.folder()]);
        servers.chain([self.outputs()]).map(Path::to_owned).collect()
    }

    /// The master key that all nodes share.
    pub fn master_key(&self) -> PathBuf {
        self.servers.as_ref().expect("a place for many nodes").master_key()
    }

    /// The peppers' file, which `campanile peppers add` makes.
    pub fn peppers(&self) -> PathBuf {
        self.servers.as_ref().map_or_else(|| self.data().join("peppers"), Servers::peppers)
    }

    /// The file that seals it, and all else.
    pub fn sealing_key(&self) -> PathBuf {
        self.servers.as_ref().map_or_else(|| self.data().join("master.key"), Servers::master_key)
    }

    /// What the log's database holds, to be compared.
    pub fn stored(&self) -> Vec<u8> {
        match &self.servers {
            Some(servers) => servers.dump().into_bytes(),
            None => std::fs::read(self.data().join("journal.db")).expect("the journal"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            handed::check(self.outputs());
        }
    }
}
