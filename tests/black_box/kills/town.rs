//! Everything that runs: the engine of the run's setting, the platform, and a proxy on every way between two parts.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use campanile_test_servers::{Nats, Postgres};
use reqwest::Method;
use tokio::{sync::Mutex, task::block_in_place};

use crate::support::{API, Client, Cluster, Engine, Options, Place, Ran, SandboxServer, eventually, proxy::Proxy};

/// One worker takes up to 64 targets at a time. More of them would take longer to intend something, on a machine with other
/// work, than an intent holds at the tests' timing.
const WORKERS: usize = 1;
/// How long a node may take to begin, on a machine with other work.
const BEGUN: Duration = Duration::from_secs(60);

/// Everything that runs.
pub(super) struct Town {
    house: House,
    pub sandbox: SandboxServer,
    pub ways: Arc<Ways>,
}

/// The engine: one process on a folder, or many on PostgreSQL and NATS.
enum House {
    One(Box<Engine>),
    Many(Box<Cluster>),
}

/// The ways between two parts.
pub(super) struct Ways {
    /// Between clients and the processes that answer them.
    pub apis: Vec<Proxy>,
    /// Between workers and the platform.
    pub platform: Proxy,
    /// Between each node and PostgreSQL.
    pub postgres: Vec<Proxy>,
    /// Between each node and NATS.
    pub nats: Vec<Proxy>,
    /// Held while a node starts: one that doesn't find its database then gives up, as it should.
    pub starting: Mutex<()>,
}

impl Ways {
    /// Every way.
    pub fn all(&self) -> impl Iterator<Item = &Proxy> {
        self.apis.iter().chain([&self.platform]).chain(&self.postgres).chain(&self.nats)
    }

    fn heal(&self) {
        self.all().for_each(Proxy::heal);
    }
}

impl Town {
    /// Starts it, in the setting that the run is about.
    pub async fn start() -> Self {
        // The owner makes all workspaces within a minute.
        let limits = Some("per_minute=10000,per_day=1000000");
        let options = Options { workers: WORKERS, limits, ..Options::default() };
        let sandbox = SandboxServer::start().await;
        let platform = Proxy::to(host(&sandbox.address)).await;
        let (house, postgres, nats) = if Place::is_of_many_nodes() {
            let mut cluster = Cluster::stopped(&options);
            let (mut postgres, mut nats) = (Vec::new(), Vec::new());
            let (databases, buses) = (cluster.servers().postgres.port(), cluster.servers().nats.port());
            for node in 0..cluster.size() {
                let (database, bus) = (local(databases).await, local(buses).await);
                let way = cluster.servers().environment_through(database.port(), bus.port());
                cluster.reach_by(node, way);
                postgres.push(database);
                nats.push(bus);
            }
            cluster.start_all().await;
            (House::Many(Box::new(cluster)), postgres, nats)
        } else {
            (House::One(Box::new(Engine::start(options).await)), Vec::new(), Vec::new())
        };
        let mut apis = Vec::new();
        for address in house.addresses() {
            apis.push(Proxy::to(host(&address)).await);
        }
        let ways = Arc::new(Ways { apis, platform, postgres, nats, starting: Mutex::default() });
        Self { house, sandbox, ways }
    }

    /// How many processes the engine has.
    pub fn nodes(&self) -> usize {
        match &self.house {
            House::One(_) => 1,
            House::Many(cluster) => cluster.size(),
        }
    }

    /// The secret of the key that `init` printed.
    pub fn secret(&self) -> &str {
        match &self.house {
            House::One(engine) => engine.secret(),
            House::Many(cluster) => cluster.secret(),
        }
    }

    /// Clients that go by the ways that are cut, one for each process that answers.
    pub fn clients(&self, secret: &str) -> Vec<Client> {
        let client = |proxy: &Proxy| {
            let base = Arc::new(RwLock::new(format!("http://{}", proxy.address())));
            Client::new(base, Some(secret))
        };
        self.ways.apis.iter().map(client).collect()
    }

    /// A client that goes by no proxy.
    pub fn client(&self, secret: &str) -> Client {
        match &self.house {
            House::One(engine) => engine.client_of(secret),
            House::Many(cluster) => cluster.client_of(API[1], secret),
        }
    }

    /// Runs an operator's command.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        block_in_place(|| match &self.house {
            House::One(engine) => engine.command(arguments),
            House::Many(cluster) => cluster.command(arguments),
        })
    }

    /// Ends a node in the middle of whatever it does.
    pub fn kill(&mut self, node: usize) {
        match &mut self.house {
            House::One(engine) => engine.kill9(),
            House::Many(cluster) => cluster[node].kill9(),
        }
    }

    /// Asks a node to stop, and waits until it has.
    pub fn stop(&mut self, node: usize) {
        block_in_place(|| match &mut self.house {
            House::One(engine) => engine.terminate(),
            House::Many(cluster) => cluster[node].terminate(),
        });
    }

    /// Starts a node again, with its ways healed, and waits until it has begun. Ready it is when there is nothing left that
    /// should have been done long ago.
    pub async fn start_again(&mut self, node: usize) {
        let _no_cuts = self.ways.starting.lock().await;
        self.ways.heal();
        match &mut self.house {
            House::One(engine) => engine.launch().await,
            House::Many(cluster) => {
                cluster.launch(node).await;
                answers(&cluster[node].client(None), "/healthz").await;
            }
        }
        for (way, address) in self.ways.apis.iter().zip(self.house.addresses()) {
            way.lead_to(host(&address));
        }
    }

    /// Holds a node still, or lets it go on.
    pub fn hold(&mut self, node: usize, still: bool) {
        let process = match &mut self.house {
            House::One(engine) => engine.process(),
            House::Many(cluster) => cluster[node].process(),
        };
        if still { process.freeze() } else { process.thaw() }
    }

    /// The database's server.
    pub fn postgres(&mut self) -> &mut Postgres {
        &mut self.many().servers().postgres
    }

    /// The bus's server.
    pub fn nats(&mut self) -> &mut Nats {
        &mut self.many().servers().nats
    }

    fn many(&mut self) -> &mut Cluster {
        match &mut self.house {
            House::One(_) => panic!("one node has no servers"),
            House::Many(cluster) => cluster,
        }
    }

    /// Lets all go well from now on, and waits until questions are answered.
    pub async fn recover(&self) {
        self.ways.heal();
        self.sandbox.no_faults().await;
        answers(&self.client(self.secret()), "/v1/posts?limit=1").await;
    }

    /// Stops everything; what must hold whatever a test did is looked at then.
    pub async fn end(self) {
        if let House::Many(cluster) = self.house {
            cluster.end().await;
        }
    }
}

impl House {
    /// Where its processes answer clients.
    fn addresses(&self) -> Vec<String> {
        match self {
            Self::One(engine) => vec![engine.base()],
            Self::Many(cluster) => API.iter().map(|node| read(&cluster[*node].base())).collect(),
        }
    }
}

/// Waits until a node answers at all.
async fn answers(client: &Client, path: &str) {
    eventually("the node answers", BEGUN, async || {
        let answer = client.try_send(client.request(Method::GET, path)).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

fn read(base: &RwLock<String>) -> String {
    base.read().expect("nobody panics with it").clone()
}

fn host(address: &str) -> &str {
    address.trim_start_matches("http://")
}

async fn local(port: u16) -> Proxy {
    Proxy::to(&format!("127.0.0.1:{port}")).await
}
