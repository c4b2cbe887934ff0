//! Starting and draining it all.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use campanile_events::{
    account::Account,
    clock::SharedClock,
    commands::Executor,
    db::{Database, DbError},
    ids::{WorkerId, WorkspaceId},
    outdated::Outdated,
    post::Post,
    seal::DataKeys,
    timing::Timing,
    workspace::Workspace,
};
use campanile_projections::{due, page::QueryError, runner::Runner, workspaces};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    context::Context,
    elsewhere::Elsewhere,
    leader::{Candidate, Leader, Leading},
    pauses::Pauses,
    reach::Reach,
    scheduler::Scheduler,
    sweeper::Sweeper,
    worker,
};
use crate::{
    bus::{Bus, Health},
    heartbeats::Heartbeats,
    leases::Leases,
    media::Library,
    observed::Observer,
    platforms::Platforms,
    tokens::Tokens,
    waiting::Stop,
};

const SCHEDULER: &str = "scheduler";
const SWEEPER: &str = "sweeper";
const LEADER: &str = "leader";
const WORKERS: &str = "workers";

/// What publishing stands on.
pub struct Deps {
    /// Carries out posts' commands.
    pub posts: Executor<Post>,
    /// Carries out accounts' commands.
    pub accounts: Executor<Account>,
    /// Carries out workspaces' commands.
    pub workspaces: Executor<Workspace>,
    /// The workspaces' data keys.
    pub data_keys: Arc<DataKeys>,
    /// The accounts' credentials.
    pub tokens: Arc<Tokens>,
    /// The platforms.
    pub platforms: Platforms,
    /// Pictures and films.
    pub library: Library,
    /// Keeps the read models current.
    pub runner: Arc<Runner>,
    /// The read models.
    pub read: Arc<dyn Database>,
    /// The side tables.
    pub side: Arc<dyn Database>,
    /// What carries jobs to the workers.
    pub bus: Arc<dyn Bus>,
    /// The clock that everything is due by.
    pub clock: SharedClock,
    /// How long things may take.
    pub timing: Timing,
    /// How many workers run here.
    pub workers: usize,
    /// Whether the scheduler runs here; of several that share these databases, one acts.
    pub scheduler: bool,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// Whether this build has met what only a newer one knows: then scheduler and workers here give way.
    pub outdated: Outdated,
    /// Whether no other process can have workers on these databases.
    pub sole_process: bool,
}

/// How one part of publishing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartStatus {
    /// Which part.
    pub part: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// What a person reads.
    pub text: String,
}

/// A task of publishing, and the part that it belongs to.
type Task = (&'static str, JoinHandle<()>);

/// Publishing, running. Dropping it stops it without waiting for what is in hand.
#[derive(Debug)]
pub struct Publishing {
    bus: Arc<dyn Bus>,
    read: Arc<dyn Database>,
    clock: SharedClock,
    timing: Timing,
    pauses: Pauses,
    elsewhere: Elsewhere,
    stop: Arc<watch::Sender<bool>>,
    workers: usize,
    leading: Option<Leading>,
    outdated: Outdated,
    tasks: Mutex<Vec<Task>>,
}

impl Publishing {
    /// Starts workers, scheduler and sweeper.
    ///
    /// # Errors
    /// If the table of workers, or that of leases, can't be opened.
    pub async fn start(deps: Deps) -> Result<Self, DbError> {
        let clock = deps.clock;
        let lease = deps.timing.lease;
        let heartbeats = Heartbeats::open(Arc::clone(&deps.side), clock.clone(), lease, deps.sole_process).await?;
        let workers: Vec<_> = (0..deps.workers).map(|_| WorkerId::fresh(clock.now())).collect();
        let pauses = Pauses::new(deps.workspaces, deps.sole_process);
        let elsewhere = Elsewhere {
            pauses: pauses.clone(),
            read: Arc::clone(&deps.read),
            runner: Arc::clone(&deps.runner),
            heartbeats: heartbeats.clone(),
        };
        let context = Context {
            posts: deps.posts,
            accounts: deps.accounts,
            pauses: pauses.clone(),
            data_keys: deps.data_keys,
            tokens: deps.tokens,
            platforms: deps.platforms,
            library: deps.library,
            heartbeats,
            clock: clock.clone(),
            timing: deps.timing,
            observer: deps.observer,
            own_workers: Arc::new(workers.iter().copied().collect()),
        };
        let bus = deps.bus;
        let (give, stop) = Stop::new();
        let give = Arc::new(give);
        let mut tasks = Vec::new();
        let reach = match workers.first() {
            Some(worker) if !deps.sole_process => Reach::watch(context.heartbeats.clone(), *worker, stop.clone()),
            _ => Reach::alone(),
        };
        for worker in workers {
            // Heard before it takes its first job: nobody may take it for dead.
            context.heartbeats.beat(worker).await?;
            tasks
                .push((WORKERS, worker::start(context.clone(), Arc::clone(&bus), worker, reach.clone(), stop.clone())));
        }
        let mut leading = None;
        if deps.scheduler {
            let own = if deps.sole_process {
                Leading::alone(clock.now())
            } else {
                let leases = Leases::open(Arc::clone(&deps.side)).await?;
                let node = WorkerId::fresh(clock.now()).uuid();
                let (candidate, leading) = Candidate::new(leases, clock.clone(), node, &deps.timing);
                tasks.push((LEADER, candidate.start(stop.clone())));
                leading
            };
            let (read, runner) = (Arc::clone(&deps.read), Arc::clone(&deps.runner));
            let scheduler = Scheduler::new(read, runner, Arc::clone(&bus), clock.clone(), own.clone());
            tasks.push((SCHEDULER, scheduler.start(stop.clone())));
            leading = Some(own);
        }
        if deps.scheduler || deps.workers > 0 {
            let (read, bus, clock) = (Arc::clone(&deps.read), Arc::clone(&bus), clock.clone());
            let sweeper = Sweeper { context, read, bus, clock, leading: leading.clone() };
            tasks.push((SWEEPER, sweeper.start(stop.clone())));
        }
        tokio::spawn(give_way(deps.outdated.clone(), Arc::downgrade(&give), stop));
        Ok(Self {
            bus,
            read: deps.read,
            clock,
            timing: deps.timing,
            pauses,
            elsewhere,
            stop: give,
            workers: deps.workers,
            leading,
            outdated: deps.outdated,
            tasks: Mutex::new(tasks),
        })
    }

    /// How its parts are: a silent queue is a defect, and said here.
    pub async fn status(&self) -> Vec<PartStatus> {
        let parts = [self.scheduler(), self.part(WORKERS, self.workers)];
        let queue = match self.oldest_unclaimed().await {
            Ok(age) => {
                // Within two sweeps a lost job is back; after that something is wrong.
                let ok = age <= self.timing.sweep * 3 + Duration::from_secs(5);
                let text = format!("{} waiting, oldest due for {:.1} s", self.bus.depth(), age.as_secs_f64());
                PartStatus { part: "queue", ok, text }
            }
            Err(error) => PartStatus { part: "queue", ok: false, text: error.to_string() },
        };
        let pauses = match workspaces::paused(self.read.as_ref()).await {
            Ok(paused) if paused.is_empty() => PartStatus { part: "pauses", ok: true, text: "none".to_owned() },
            Ok(paused) => {
                let text = format!("{} paused, nothing is sent there", paused.len());
                PartStatus { part: "pauses", ok: true, text }
            }
            Err(error) => PartStatus { part: "pauses", ok: false, text: error.to_string() },
        };
        parts.into_iter().chain([queue, pauses, self.clock_status()]).collect()
    }

    /// Who leads, of the nodes with a scheduler; `None` if this one has none. A node without one doesn't follow it.
    pub fn leader(&self) -> Option<Leader> {
        self.leading.as_ref().map(Leading::leader)
    }

    /// For how long nothing was heard of a leader here; nothing on a node without a scheduler, or that is alone.
    pub fn leader_unheard(&self) -> Duration {
        self.leading.as_ref().map_or(Duration::ZERO, Leading::unheard)
    }

    /// Scheduler, sweeper and who leads are one part to who watches: what puts jobs on the bus.
    fn scheduler(&self) -> PartStatus {
        let Some(leading) = &self.leading else { return self.part(SCHEDULER, 0) };
        if self.outdated.reason().is_some() {
            let running = [SCHEDULER, SWEEPER, LEADER].into_iter().map(|part| self.running(part)).sum();
            return given_way(SCHEDULER, running);
        }
        let well = [SCHEDULER, SWEEPER].into_iter().all(|part| self.part(part, 1).ok);
        let (ok, text) = match leading.leader() {
            Leader::This { since, .. } => (true, format!("leads since {}", since.format("%F %T UTC"))),
            Leader::Another { node, since } => {
                (true, format!("stands by; {node} leads since {}", since.format("%F %T UTC")))
            }
            // Between two leaders there may be nobody for the length of a lease.
            Leader::Unknown => {
                let ok = leading.unheard() <= self.timing.leader_lease() * 3;
                (ok, format!("nobody is known to lead for {:.1} s", leading.unheard().as_secs_f64()))
            }
        };
        if well {
            PartStatus { part: SCHEDULER, ok, text }
        } else {
            PartStatus { part: SCHEDULER, ok: false, text: "it has ended".to_owned() }
        }
    }

    fn clock_status(&self) -> PartStatus {
        match self.clock.check() {
            Ok(()) => PartStatus { part: "clock", ok: true, text: "trusted".to_owned() },
            Err(trouble) => {
                PartStatus { part: "clock", ok: false, text: format!("{trouble}; nothing is claimed here") }
            }
        }
    }

    /// Waits until nothing that was begun before a workspace's pause can leave any more. Answers whether that was seen
    /// to be so; after the longest time that a request may take it is so in any case.
    pub async fn held(&self, workspace: WorkspaceId) -> bool {
        let patience = self.timing.send_window() + self.timing.request();
        let here = self.pauses.held(workspace, patience);
        if self.pauses.is_alone() {
            return here.await;
        }
        let (here, elsewhere) = tokio::join!(here, self.elsewhere.held(workspace, patience));
        here && elsewhere
    }

    /// Looks at once for what waited while a workspace was paused, rather than with the next sweep.
    pub fn resumed(&self) {
        self.pauses.resumed();
    }

    fn running(&self, part: &'static str) -> usize {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().filter(|(of, task)| *of == part && !task.is_finished()).count()
    }

    /// A part's tasks end when they are told to, and not before.
    fn part(&self, part: &'static str, wanted: usize) -> PartStatus {
        let running = self.running(part);
        if wanted > 0 && self.outdated.reason().is_some() {
            return given_way(part, running);
        }
        let ok = running >= wanted;
        let text = match (wanted, ok) {
            (0, _) => "none in this process".to_owned(),
            (_, true) => format!("{running} running"),
            (_, false) => format!("{running} of {wanted} running"),
        };
        PartStatus { part, ok, text }
    }

    /// For how long the oldest target that is due has waited for a worker.
    ///
    /// # Errors
    /// If the read models can't be read.
    pub async fn oldest_unclaimed(&self) -> Result<Duration, QueryError> {
        let oldest = due::oldest(self.read.as_ref()).await?;
        Ok(oldest.and_then(|row| (self.clock.now() - row.next_at).to_std().ok()).unwrap_or_default())
    }

    /// How the bus is.
    pub fn bus_health(&self) -> Health {
        self.bus.health()
    }

    /// How many jobs wait for a worker.
    pub fn queue_depth(&self) -> usize {
        self.bus.depth()
    }

    /// Takes no more jobs and waits for those in hand, at most `patience`. What is not done by then is taken up by the
    /// next start, as after a crash.
    pub async fn drain(&self, patience: Duration) {
        // An error says that nobody listens any more: then there is nothing to stop.
        let _ = self.stop.send(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = futures::future::join_all(tasks.into_iter().map(|(_, task)| task));
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("jobs in hand are left behind; they are settled at the next start");
        }
    }
}

/// How a part is that nodes of a newer build do now.
fn given_way(part: &'static str, running: usize) -> PartStatus {
    let text = match running {
        0 => "it gave way to nodes with a newer build".to_owned(),
        _ => format!("it gives way to nodes with a newer build: {running} finish what they have in hand"),
    };
    PartStatus { part, ok: false, text }
}

/// Lets others do what is done here, as at the end: what is in hand is finished, workers are heard no more, and another
/// leads. Somebody who reads only a part of what is stored could hold up what is written by who reads all of it.
async fn give_way(outdated: Outdated, give: Weak<watch::Sender<bool>>, mut stop: Stop) {
    tokio::select! {
        () = outdated.wait() => {}
        () = stop.wait() => {}
    }
    if let Some(give) = give.upgrade() {
        give.send_replace(true);
    }
}
