//! Databases of either engine for tests: what stands on the seam is tried on both, by the same test.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use campanile_test_servers::Postgres as Server;
use tempfile::TempDir;

use super::{
    Database, Durability, Engine, Sqlite,
    postgres::{Connections, Postgres, Settings},
};

/// Makes a test of each engine of every function named, which takes the [`Engine`]. Once a module.
#[macro_export]
macro_rules! on_every_engine {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name($crate::db::Engine::Sqlite).await; })+
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name($crate::db::Engine::Postgres).await; })+
        }
    };
}

/// Room for a test's databases: a folder, or a server of its own. It goes with this value.
#[derive(Debug)]
pub struct Databases {
    folder: TempDir,
    server: Option<Server>,
    made: Mutex<BTreeSet<String>>,
}

impl Databases {
    /// Room for databases of `engine`.
    pub fn of(engine: Engine) -> Self {
        let server = (engine == Engine::Postgres).then(Server::start);
        Self { folder: tempfile::tempdir().expect("a temporary folder"), server, made: Mutex::default() }
    }

    /// Opens a database by name, as another process would, and makes it if it isn't there.
    pub async fn open(&self, name: &str) -> Arc<dyn Database> {
        if self.server.is_some() {
            return Arc::new(self.postgres(name).await);
        }
        let path = self.folder.path().join(format!("{name}.db"));
        Arc::new(Sqlite::open(&path, Durability::Normal).expect("a file of ours"))
    }

    /// The server, for tests of PostgreSQL alone.
    pub fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("PostgreSQL has a server")
    }

    async fn postgres(&self, name: &str) -> Postgres {
        let server = self.server.as_ref().expect("PostgreSQL has a server");
        if self.made.lock().expect("nobody panics with it").insert(name.to_owned()) {
            server.create_database(name);
        }
        let settings = Settings::parse(&server.url(name)).expect("the server's own address");
        Postgres::open(&settings, Connections::default()).await.expect("a database of ours")
    }
}
