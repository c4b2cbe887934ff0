//! What many nodes stand on.

use std::{ffi::OsString, fs::Permissions, os::unix::fs::PermissionsExt, path::Path, process::Command};

use campanile_test_servers::{Nats, Postgres};
use tempfile::TempDir;

use super::{Ran, campanile};

/// A database of its own name: nothing may hang on a usual one.
const DATABASE: &str = "bells";
const KEY: &str = "master.key";
/// What nodes show PostgreSQL and NATS, which ask for nothing: it may stand nowhere else.
pub const PASSWORDS: [&str; 2] = ["quiet-database-password-c3d7", "quiet-bus-password-5e08"];

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
            ("CAMPANILE_DATABASE_URL", self.database_url().into()),
            ("CAMPANILE_NATS_URL", self.nats.url_as(&format!("bells:{}", PASSWORDS[1])).into()),
            ("CAMPANILE_MASTER_KEY_FILE", self.master_key().into()),
            ("CAMPANILE_PEPPER_FILE", self.peppers().into()),
        ])
    }

    /// How a node finds them that has a peppers' file of its own.
    pub fn environment_with_peppers(&self, peppers: &Path) -> Environment {
        let Environment(mut all) = self.environment();
        all.push(("CAMPANILE_PEPPER_FILE", peppers.into()));
        Environment(all)
    }

    fn database_url(&self) -> String {
        self.postgres.url(DATABASE).replacen('@', &format!(":{}@", PASSWORDS[0]), 1)
    }

    /// How a node finds them by other ports of this machine: those of proxies before them.
    pub fn environment_through(&self, postgres: u16, nats: u16) -> Environment {
        let database =
            self.database_url().replacen(&format!(":{}/", self.postgres.port()), &format!(":{postgres}/"), 1);
        Environment(vec![
            ("CAMPANILE_DATABASE_URL", database.into()),
            ("CAMPANILE_NATS_URL", format!("nats://127.0.0.1:{nats}").into()),
            ("CAMPANILE_MASTER_KEY_FILE", self.folder.path().join(KEY).into()),
            ("CAMPANILE_PEPPER_FILE", self.peppers().into()),
        ])
    }

    /// The file of the key.
    pub fn master_key(&self) -> std::path::PathBuf {
        self.folder.path().join(KEY)
    }

    /// The peppers' file of all nodes but those that have their own.
    pub fn peppers(&self) -> std::path::PathBuf {
        self.folder.path().join("peppers")
    }

    /// Runs statements in the nodes' database; answers the rows, a line each.
    pub fn sql(&self, statements: &str) -> String {
        self.postgres.sql(DATABASE, statements)
    }

    /// A backup of the nodes' database, as `pg_dump` makes it.
    pub fn backup(&self) -> Vec<u8> {
        self.postgres.dump(DATABASE)
    }

    /// Puts a backup back in the place of what the database holds now.
    pub fn put_back(&self, backup: &[u8]) {
        self.postgres.sql("postgres", &format!("drop database {DATABASE} with (force)"));
        self.postgres.create_database(DATABASE);
        self.postgres.restore(DATABASE, backup);
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
