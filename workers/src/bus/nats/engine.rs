//! The bus itself.

use std::sync::Arc;

use async_nats::Client;
use async_trait::async_trait;
use tokio::{runtime::Handle, sync::watch, task::JoinHandle, time::Instant};

use super::{
    super::{Bus, BusError, Health, Job, Outcome, Taken},
    connect::{self, ConnectError},
    desk::Desk,
    layout::Layout,
    pull,
    settings::{InvalidSettings, Settings, is_name},
    state::SharedState,
    wakes::WakesOverNats,
    watchdog::{self, Troubled},
};

/// A bus on NATS JetStream. Dropped, it takes nothing more; what is in hand can still be released.
#[derive(Debug)]
pub struct Nats {
    shared: Arc<Shared>,
    wakes: Arc<WakesOverNats>,
    tasks: Vec<JoinHandle<()>>,
}

/// What all parts of the bus stand on.
pub(super) struct Shared {
    pub client: Client,
    pub settings: Settings,
    pub layout: Layout,
    pub state: SharedState,
    pub desk: Desk,
    /// Every time that a consumer was made anew.
    pub repaired: watch::Sender<u64>,
    pub runtime: Handle,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Nats {
    /// Connects to the servers, and makes the stream and the consumers if they aren't there. With servers that can't be
    /// reached now the bus starts all the same, and comes to life with them.
    ///
    /// `log` is what the nodes of one engine share and no other engine has: what is on the servers bears that name, unless
    /// the settings have another.
    ///
    /// # Errors
    /// If the settings can't be used, or a server that is there refuses them or has no JetStream.
    pub async fn connect(settings: Settings, log: &str) -> Result<Self, ConnectError> {
        settings.check()?;
        let name = settings.name.clone().unwrap_or_else(|| log.to_owned());
        if !is_name(&name) {
            return Err(InvalidSettings::Name(name).into());
        }
        let state = SharedState::new(&settings.platforms);
        let client = connect::connect(&settings, &name, &state).await?;
        let layout = Layout::new(&settings, &name);
        tracing::info!(nats.name = %name, nats.stream = %layout.stream(), "this engine's name on NATS");
        if client.connection_state() == async_nats::connection::State::Connected && !state.is_connected() {
            state.connected(true);
        }
        let shared = Arc::new(Shared {
            layout,
            client,
            state,
            desk: Desk::default(),
            repaired: watch::Sender::new(0),
            runtime: Handle::current(),
            settings,
        });
        // Subscribed before the first look, whose answer says that the server knows of it.
        let again = connect::subscribe(&shared.client, shared.layout.again()).await?;
        let heard = connect::subscribe(&shared.client, shared.layout.heard()).await?;
        let wakes = Arc::new(WakesOverNats::default());
        let mut tasks = wakes.start(&shared.client, &shared.layout).await?;
        let mut watchdog = watchdog::Watchdog::new(Arc::clone(&shared));
        if shared.state.is_connected() {
            let servers = || shared.settings.servers();
            match watchdog.look().await {
                Err(Troubled::NoJetStream) => return Err(ConnectError::NoJetStream { servers: servers() }),
                Err(Troubled::NoCluster) => return Err(ConnectError::NoCluster { servers: servers() }),
                // It is looked at again, and said then.
                Ok(()) | Err(Troubled::Other(_)) => {}
            }
        }
        tasks.push(tokio::spawn(watchdog.run()));
        tasks.push(tokio::spawn(Arc::clone(&shared).hear_again(again)));
        tasks.push(tokio::spawn(watchdog::hear_canaries(Arc::clone(&shared), heard)));
        tasks.push(tokio::spawn(Arc::clone(&shared).keep_in_hand()));
        for platform in &shared.settings.platforms {
            tasks.push(tokio::spawn(pull::run(Arc::clone(&shared), platform.clone())));
        }
        Ok(Self { shared, wakes, tasks })
    }

    /// Wake-ups between nodes, over the same connection.
    pub fn wakes(&self) -> Arc<WakesOverNats> {
        Arc::clone(&self.wakes)
    }

    /// Waits until the server knows of everything that was released; not for long.
    pub async fn close(&self) {
        let deadline = Instant::now() + 2 * self.shared.settings.patience;
        while self.shared.desk.busy() > 0 && Instant::now() < deadline {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let _away = tokio::time::timeout(self.shared.settings.patience, self.shared.client.flush()).await;
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[async_trait]
impl Bus for Nats {
    async fn put(&self, job: Job) -> Result<(), BusError> {
        self.shared.put_job(job).await
    }

    async fn take(&self) -> Result<Taken, BusError> {
        let asked = self.shared.desk.ask();
        self.shared.serve_here();
        let held = asked.await.map_err(|_| BusError("the bus is closed".to_owned()))?;
        Ok(held.into_taken())
    }

    fn depth(&self) -> usize {
        self.shared.state.depth() + self.shared.desk.waiting_here()
    }

    fn health(&self) -> Health {
        self.shared.state.health()
    }
}

impl Shared {
    /// Gives what is kept here to the workers that wait.
    pub fn serve_here(self: &Arc<Self>) {
        while let Some((key, number, job)) = self.desk.next_here() {
            let held = Held::new(Arc::clone(self), key, number, job);
            // Nobody waits any more: it goes the way of a job that was given back.
            drop(self.desk.give(held));
        }
    }
}

/// A job on its way to a worker. Dropped on the way, it goes back.
#[derive(Debug)]
pub(super) struct Held(Option<(Arc<Shared>, String, u64, Job)>);

impl Held {
    pub fn new(shared: Arc<Shared>, key: String, number: u64, job: Job) -> Self {
        Self(Some((shared, key, number, job)))
    }

    fn into_taken(mut self) -> Taken {
        let (shared, key, number, job) = self.0.take().expect("a job that was not given away");
        Taken::new(job, move |outcome| shared.release(key, number, outcome))
    }

    pub fn release(mut self, outcome: Outcome) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some((shared, key, number, _)) = self.0.take() {
            shared.release(key, number, outcome);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.end(Outcome::Later(std::time::Duration::ZERO));
    }
}
