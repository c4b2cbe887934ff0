//! What houses stand on: a folder of one's own, or the servers that several share.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use campanile_events::{
    clock::{DatabaseClock, SharedClock, SystemClock},
    commands::Sharing,
    db::{
        Database, Durability, Postgres, Sqlite,
        postgres::{Connections, Settings},
    },
    ids::WorkspaceId,
    journal::{Journal, PostgresJournal, SqliteJournal},
    seal::{DataKeys, MasterKey},
};
use campanile_test_servers as servers;
use campanile_workers::{
    bus::{self, Bus, InProcess},
    platforms::sandbox::Sandbox,
};

const DATABASE: &str = "campanile";

/// What publishing runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// One process: SQLite, and a bus in memory.
    Embedded,
    /// Many nodes: PostgreSQL, and NATS.
    Nodes,
}

/// The ground under a house, with the judge of all that stand on it.
pub(crate) struct Ground {
    pub sandbox: Arc<Sandbox>,
    pub master: MasterKey,
    pub workspace: WorkspaceId,
    pub clock: SharedClock,
    folder: tempfile::TempDir,
    shared: Option<Servers>,
}

pub(crate) struct Servers {
    postgres: servers::Postgres,
    nats: Mutex<servers::Nats>,
}

/// What a house's engine is made of.
pub(crate) struct Store {
    pub journal: Arc<dyn Journal>,
    pub side: Arc<dyn Database>,
    pub read: Arc<dyn Database>,
}

impl Ground {
    pub async fn of(setting: Setting) -> Arc<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let shared = (setting == Setting::Nodes).then(|| {
            let servers = Servers { postgres: servers::Postgres::start(), nats: Mutex::new(servers::Nats::start()) };
            servers.postgres.create_database(DATABASE);
            servers
        });
        let clock = match &shared {
            None => SystemClock::shared(),
            Some(servers) => servers.clock().await,
        };
        let (master, workspace) = (MasterKey::generate(), WorkspaceId::fresh(clock.now()));
        let ground = Self { sandbox: Sandbox::new(clock.clone()), master, workspace, clock, folder, shared };
        let keys = DataKeys::open(ground.store().await.side, ground.master.clone()).await.expect("data keys");
        keys.create(workspace.uuid(), ground.clock.now()).await.expect("a data key");
        Arc::new(ground)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn sharing(&self) -> Sharing {
        if self.shared.is_some() { Sharing::Shared } else { Sharing::Alone }
    }

    /// The servers, for tests of many nodes alone.
    pub fn servers(&self) -> &Servers {
        self.shared.as_ref().expect("many nodes share servers")
    }

    pub async fn store(&self) -> Store {
        let Some(servers) = &self.shared else { return self.files().await };
        let settings = servers.settings();
        let journal = PostgresJournal::open(&settings).await.expect("a journal");
        let db: Arc<dyn Database> = Arc::new(servers.database().await);
        Store { journal: Arc::new(journal), side: Arc::clone(&db), read: db }
    }

    async fn files(&self) -> Store {
        let open = |name: &str, durability| Sqlite::open(&self.folder.path().join(name), durability).expect("a file");
        let db = open("journal.db", Durability::Full);
        let journal = SqliteJournal::open(db.clone(), self.clock.clone()).await.expect("a journal");
        let read = Arc::new(open("read.db", Durability::Normal));
        Store { journal: Arc::new(journal), side: Arc::new(db), read }
    }

    /// A bus of a node's own, among those of this name.
    pub async fn bus(&self, name: &str) -> Arc<dyn Bus> {
        match &self.shared {
            None => Arc::new(InProcess::default()),
            Some(servers) => servers.bus(name).await,
        }
    }
}

impl Servers {
    fn settings(&self) -> Settings {
        Settings::parse(&self.postgres.url(DATABASE)).expect("the server's own address")
    }

    async fn database(&self) -> Postgres {
        Postgres::open(&self.settings(), Connections::default()).await.expect("a database")
    }

    /// The database's clock, as a node knows it.
    pub async fn clock(&self) -> SharedClock {
        DatabaseClock::start(Arc::new(self.database().await)).await.expect("it tells the time")
    }

    pub fn sql(&self, statements: &str) {
        self.postgres.sql(DATABASE, statements);
    }

    pub fn nats(&self) -> MutexGuard<'_, servers::Nats> {
        self.nats.lock().expect("no panic")
    }

    async fn bus(&self, name: &str) -> Arc<dyn Bus> {
        let platforms = ["sandbox", "notes"].map(str::to_owned);
        let mut settings = bus::nats::Settings::from_url(&self.nats().url(), platforms).expect("good settings");
        settings.ack_wait = Duration::from_secs(2);
        settings.watch = Duration::from_millis(100);
        settings.canary = Duration::from_millis(200);
        settings.silence = Duration::from_secs(3);
        Arc::new(bus::Nats::connect(settings, name).await.expect("connected"))
    }
}
