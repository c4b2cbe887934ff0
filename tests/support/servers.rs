//! What many nodes stand on.

use std::{ffi::OsString, fs::Permissions, os::unix::fs::PermissionsExt, process::Command};

use campanile_test_servers::{Nats, Postgres};
use tempfile::TempDir;

use super::{Ran, campanile};

/// A database of its own name: nothing may hang on a usual one.
const DATABASE: &str = "bells";
const KEY: &str = "master.key";

/// A PostgreSQL, a NATS and a master key of a test's own, which any number of nodes share.
#[derive(Debug)]
pub struct Servers {
    /// The database's server.
    pub postgres: Postgres,
    /// The bus's server.
    pub nats: Nats,
    folder: TempDir,
}

/// What a program is told by its environment.
#[derive(Debug, Clone, Default)]
pub struct Environment(Vec<(&'static str, OsString)>);

impl Servers {
    /// Starts both, and makes the key as an operator would.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = Ran::of(campanile().arg("master-key")).ok();
        std::fs::write(folder.path().join(KEY), key).expect("a file of ours");
        std::fs::set_permissions(folder.path().join(KEY), Permissions::from_mode(0o600)).expect("a file of ours");
        let postgres = Postgres::start();
        postgres.create_database(DATABASE);
        Self { postgres, nats: Nats::start(), folder }
    }

    /// How a node finds them.
    pub fn environment(&self) -> Environment {
        Environment(vec![
            ("CAMPANILE_DATABASE_URL", self.postgres.url(DATABASE).into()),
            ("CAMPANILE_NATS_URL", self.nats.url().into()),
            ("CAMPANILE_MASTER_KEY_FILE", self.master_key().into()),
        ])
    }

    /// The file of the key.
    pub fn master_key(&self) -> std::path::PathBuf {
        self.folder.path().join(KEY)
    }

    /// Runs statements in the nodes' database; answers the rows, a line each.
    pub fn sql(&self, statements: &str) -> String {
        self.postgres.sql(DATABASE, statements)
    }

    /// All that stands in the database, as text.
    pub fn dump(&self) -> String {
        let dump = self.postgres.dump(DATABASE);
        let text = String::from_utf8_lossy(&dump);
        // `pg_dump` locks what restores it with a word of chance.
        let lines = text.lines().filter(|line| !line.contains("restrict "));
        lines.flat_map(|line| [line, "\n"]).collect()
    }
}

impl Environment {
    /// Tells a program.
    pub fn tell(&self, command: &mut Command) {
        command.envs(self.0.iter().map(|(name, value)| (name, value)));
    }
}
