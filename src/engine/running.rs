//! All parts, put together and running.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use campanile_events::{
    clock::{SharedClock, SystemClock},
    commands::Sharing,
    journal::BoundLog,
    outdated::Outdated,
    post::PostServices,
};
use campanile_projections::{ReadModels, Runner};
use campanile_workers::{
    leases::Leases,
    media::{Library, MediaStore},
    publishing::{Deps, Publishing},
    sign_ins::SignIns,
    tokens::Tokens,
};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    Core, FolderLock, Notary, OpenError, Opening, Store, Timings, bundle::Bundler, bus::Carrier,
    databases::read_models, expiries::Expiries, projecting, publishing::platforms, upkeep,
};
use crate::{
    access::{Access, Origins, People, plans::Plans},
    api::{http::InProgress, media::UploadLinks, posts::Duplicates},
    configuration::{Configuration, Role},
};

const MEDIA: &str = "media";
/// How soon is looked again for keys whose time is over, however short the sweeper's pause is: nothing waits for it.
const SOONEST: Duration = Duration::from_secs(1);

/// The engine of one folder, running. Without [`Engine::drain`] before it is dropped, work in hand is left to the next
/// start, as after a crash.
#[derive(Debug)]
pub struct Engine {
    core: Arc<Core>,
    folder: PathBuf,
    carrier: Carrier,
    projector: watch::Sender<bool>,
    upkeep: watch::Sender<bool>,
    projecting: Mutex<Vec<JoinHandle<()>>>,
    keeping: Mutex<Vec<JoinHandle<()>>>,
    /// Dropped last: until then the folder is this process's.
    _lock: FolderLock,
}

impl Engine {
    /// Opens the engine of a folder that was initialized, and starts what the configuration's roles name.
    ///
    /// # Errors
    /// [`OpenError::Empty`] if it was not initialized; see there for the others.
    pub async fn open(configuration: &Configuration) -> Result<Self, OpenError> {
        Self::open_with(configuration, SystemClock::shared()).await
    }

    /// The same, going by another clock.
    pub async fn open_with(configuration: &Configuration, clock: SharedClock) -> Result<Self, OpenError> {
        let store = Store::open(&configuration.folder, Opening::Existing, clock).await?;
        store.settle_restored(configuration.on_restored).await?;
        store.check_served().await?;
        Self::run(configuration, store).await
    }

    async fn run(configuration: &Configuration, store: Store) -> Result<Self, OpenError> {
        // Who is alone needs no lease to sign.
        let turns = match store.sharing {
            Sharing::Alone => None,
            Sharing::Shared => Some(Leases::open(Arc::clone(&store.side)).await?),
        };
        let timings = match store.sharing {
            Sharing::Alone => None,
            Sharing::Shared => {
                let (side, clock) = (Arc::clone(&store.side), store.clock.clone());
                Some(Timings::open(side, clock, configuration.timing).await?)
            }
        };
        let notary = Notary::of(&store);
        let carrier = Carrier::open(configuration, &store).await?;
        let looking = turns.clone();
        let (core, lock, folder) = core(configuration, store, &carrier, notary.clone(), timings.clone()).await?;
        let core = Arc::new(core);
        if configuration.roles.has(Role::Api) {
            core.plans.tell_unknown(core.read.everywhere().as_ref()).await;
        }

        let (projector, stop) = watch::channel(false);
        let projects = configuration.roles.has(Role::Projector);
        let projecting = projecting::start(&core, projects, carrier.wakes(), &stop);
        let (upkeep, stop) = watch::channel(false);
        let mut keeping = vec![
            tokio::spawn(notary.run(turns, stop.clone())),
            tokio::spawn(upkeep::write_usage(core.access.clone(), core.clock.clone(), stop.clone())),
            tokio::spawn(core.resting().run(Arc::clone(core.journal.everywhere()), stop.clone())),
            tokio::spawn(upkeep::watch_peppers(core.access.clone(), stop.clone())),
            tokio::spawn(upkeep::forget_receipts(
                Arc::clone(core.journal.everywhere()),
                core.clock.clone(),
                stop.clone(),
            )),
            tokio::spawn(upkeep::forget_unconfirmed(core.library.clone(), core.clock.clone(), stop.clone())),
            tokio::spawn(upkeep::forget_refusals(core.access.clone(), core.clock.clone(), stop.clone())),
            tokio::spawn(upkeep::forget_people(core.people.clone(), stop.clone())),
        ];
        if configuration.roles.has(Role::Scheduler) {
            let (keys, read, clock) = (core.keys.clone(), Arc::clone(core.read.everywhere()), core.clock.clone());
            let expiries = Expiries::new(keys, read, clock, looking);
            keeping.push(tokio::spawn(expiries.run(configuration.timing.sweep.max(SOONEST), stop.clone())));
        }
        keeping.extend(timings.map(|timings| tokio::spawn(timings.run(stop))));
        Ok(Self {
            core,
            folder,
            carrier,
            projector,
            upkeep,
            projecting: Mutex::new(projecting),
            keeping: Mutex::new(keeping),
            _lock: lock,
        })
    }

    /// What requests are answered with.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes no more jobs, finishes those in hand within `patience`, signs a last checkpoint.
    pub async fn drain(&self, patience: Duration) {
        self.core.draining.store(true, Ordering::Release);
        self.core.publishing.drain(patience).await;
        // Last, so that what was just done is seen and signed.
        let projecting = std::mem::take(&mut *self.projecting.lock().unwrap_or_else(PoisonError::into_inner));
        stop(&self.projector, projecting).await;
        self.carrier.close().await;
        let keeping = std::mem::take(&mut *self.keeping.lock().unwrap_or_else(PoisonError::into_inner));
        stop(&self.upkeep, keeping).await;
        for db in [&self.core.side, self.core.read.everywhere()] {
            if let Err(error) = db.tidy().await {
                tracing::warn!(%error, "the write-ahead log stays beside its file");
            }
        }
    }
}

async fn core(
    configuration: &Configuration,
    store: Store,
    carrier: &Carrier,
    notary: Notary,
    timings: Option<Timings>,
) -> Result<(Core, FolderLock, PathBuf), OpenError> {
    let bundler = Bundler::of(&store);
    let Store {
        folder,
        clock,
        journal,
        sharing,
        side,
        data_keys,
        signing_key,
        checkpoints,
        master_key,
        pepper_file,
        metrics,
        lock,
        ..
    } = store;
    let timing = configuration.timing;
    let read = read_models(&configuration.folder, &side)?;
    let runner = Arc::new(Runner::open(Arc::clone(&journal), Arc::clone(&read), campanile_projections::all()).await?);

    let outdated = Outdated::default();
    let posts = Core::executor(&journal, sharing, &clock, PostServices { timing }, &outdated);
    let accounts = Core::executor(&journal, sharing, &clock, (), &outdated);
    let keys = Core::executor(&journal, sharing, &clock, (), &outdated);
    let workspaces = Core::executor(&journal, sharing, &clock, (), &outdated);
    let media = MediaStore::open(&folder.join(MEDIA))?;
    let library = Library::new(Core::executor(&journal, sharing, &clock, (), &outdated), media);
    let upload_links = UploadLinks::new(&master_key, configuration.public_url.clone());
    let (beside, sealing) = (Arc::clone(&side), Arc::clone(&data_keys));
    let (proxies, limits) = (&configuration.trusted_proxies, configuration.limits);
    let access = Access::open(beside, pepper_file, sealing, keys.clone(), proxies, limits, clock.clone()).await?;
    let plans = Plans::new(configuration.plans.clone(), limits.usual, workspaces.clone(), Arc::clone(&side));
    let persons = Core::executor(&journal, sharing, &clock, (), &outdated);
    let guests = Core::executor(&journal, sharing, &clock, (), &outdated);
    let people = People::open(&side, &master_key, &data_keys, persons, guests, clock.clone()).await?;
    let origins = Origins::of(Arc::clone(&read), Arc::clone(&data_keys));
    let duplicates = Duplicates::open(Arc::clone(&side), sharing).await?;
    let sign_ins = SignIns::open(Arc::clone(&side), &master_key).await?;
    let tokens = Arc::new(Tokens::open(Arc::clone(&side), master_key).await?);
    let platforms = platforms(&folder, clock.clone(), timing, configuration.allow_egress.clone())?;
    let roles = &configuration.roles;
    let publishing = Publishing::start(Deps {
        posts: posts.clone(),
        accounts: accounts.clone(),
        workspaces: workspaces.clone(),
        data_keys: Arc::clone(&data_keys),
        tokens: Arc::clone(&tokens),
        platforms: platforms.clone(),
        library: library.clone(),
        runner: Arc::clone(&runner),
        read: Arc::clone(&read),
        side: Arc::clone(&side),
        bus: carrier.bus(),
        clock: clock.clone(),
        timing,
        workers: if roles.has(Role::Worker) { configuration.workers } else { 0 },
        scheduler: roles.has(Role::Scheduler),
        observer: Arc::new(metrics.clone()),
        outdated: outdated.clone(),
        sole_process: sharing == Sharing::Alone,
    })
    .await?;
    let core = Core {
        folder: folder.clone(),
        timing,
        timings,
        epoch: journal.head().await?.epoch,
        verifying_key: signing_key.verifying_key(),
        journal: BoundLog::new(journal),
        checkpoints,
        notary,
        bundler,
        side,
        read: ReadModels::new(read),
        runner,
        data_keys,
        posts,
        accounts,
        workspaces,
        plans,
        keys,
        access,
        people,
        origins,
        library,
        upload_links,
        platforms,
        tokens,
        sign_ins,
        publishing,
        clock,
        duplicates,
        outdated,
        roles: roles.clone(),
        metrics,
        in_progress: InProgress::default(),
        draining: false.into(),
    };
    Ok((core, lock, folder))
}

async fn stop(tell: &watch::Sender<bool>, tasks: impl IntoIterator<Item = JoinHandle<()>>) {
    // An error says that they have all ended.
    let _ = tell.send(true);
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "a part ended badly");
        }
    }
}
