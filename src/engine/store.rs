//! The folder, locked and opened, with nothing running yet but the journal's own writer.

use std::{os::unix::fs::DirBuilderExt, path::PathBuf, sync::Arc};

use campanile_events::{
    clock::SharedClock,
    commands::Sharing,
    db::{Database, DbError},
    ids::Position,
    journal::{Journal, ReadError},
    merkle::checkpoint::SigningKey,
    random,
    seal::{DataKeys, MasterKey, SealError, SigningKeys},
};

use campanile_projections::runner;
use campanile_workers::{bus::nats::ConnectError, media::StoreError};

use super::{
    Checkpoints, FolderLock, LockError, Marks, MasterKeyError,
    databases::{self, Databases},
    log::EpochError,
    master_key,
};
use crate::{
    access::{PepperError, PepperFile, somebody_serves},
    configuration::Folder,
    metrics::Metrics,
};

/// What the name of a log begins with, in its checkpoints and in its verifying key; what follows is its own.
const LOG_NAME: &str = "campanile/";

/// Whether the folder may be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It may: what is missing is made.
    New,
    /// It has been used before.
    Existing,
}

/// Why the folder can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Nobody has made an engine in it.
    #[error("there is no engine in {} yet: run `campanile init --email you@example.com --data {}` first", .0.display(), .0.display())]
    Empty(PathBuf),
    /// Nobody has made an engine in the database.
    #[error(
        "there is no engine in the database yet: run `campanile init --email you@example.com` with the same \
         `--database-url` and `--master-key-file` first"
    )]
    EmptyDatabase,
    /// Another process has begun to make an engine in the database.
    #[error(
        "another process is making an engine in this database, by `campanile init` or `campanile log import`: nothing was \
         changed"
    )]
    Founded,
    /// The log was put back from a backup, and what may have been sent since isn't held yet.
    #[error(
        "the log was restored from a backup, and its new epoch has not begun: served now, it would send again what was sent since \
         the backup. Run `campanile log new-epoch` about the same engine first"
    )]
    EpochPending,
    /// The log is an older copy of itself.
    #[error(
        "the log ends before the signed checkpoint beside it: it was restored from a backup, and its new epoch has not begun. \
         Run `campanile serve` or `campanile log new-epoch` about the same engine first"
    )]
    Restored,
    /// A new epoch was to begin, and didn't.
    #[error("the new epoch did not begin: {0}")]
    Epoch(#[from] EpochError),
    /// The log is served elsewhere.
    #[error(
        "the log was exported for a move: two engines with one history would both publish. If the move was given up, and \
         nothing serves the copy, run `campanile log keep` about the same engine first"
    )]
    Moved,
    /// It can't be made.
    #[error("{}: {error}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There is no master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// A pepper that keys stand under isn't there.
    #[error(transparent)]
    Pepper(PepperError),
    /// The keys don't open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database doesn't open.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The journal can't be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The read models can't be opened.
    #[error("the read models: {0}")]
    ReadModels(String),
    /// The bus can't be used.
    #[error("the bus: {0}")]
    Bus(#[from] ConnectError),
    /// The media can't be opened.
    #[error(transparent)]
    Media(#[from] StoreError),
    /// The platforms can't be set up.
    #[error("the platforms: {0}")]
    Platforms(String),
}

impl From<runner::OpenError> for OpenError {
    fn from(error: runner::OpenError) -> Self {
        match error {
            runner::OpenError::Db(error) => Self::Db(error),
            runner::OpenError::Journal(error) => Self::Journal(error),
            error => Self::ReadModels(error.to_string()),
        }
    }
}

impl From<PepperError> for OpenError {
    fn from(error: PepperError) -> Self {
        match error {
            PepperError::Db(error) => Self::Db(error),
            error => Self::Pepper(error),
        }
    }
}

impl OpenError {
    /// Whether the database was away, and may be back soon.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Db(DbError::Unavailable(_)) | Self::Journal(ReadError::Unavailable(_)))
    }

    /// Whether the operator has to do something else first, rather than something having failed.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Lock(LockError::Held { .. })
                | Self::Empty(_)
                | Self::EmptyDatabase
                | Self::Founded
                | Self::EpochPending
                | Self::Restored
                | Self::Epoch(EpochError::Served)
                | Self::Moved
                | Self::MasterKey(_)
                | Self::Pepper(_)
        )
    }
}

/// An opened folder.
#[derive(Debug)]
pub struct Store {
    /// Where it is.
    pub folder: PathBuf,
    /// The clock that everything goes by.
    pub clock: SharedClock,
    /// The log.
    pub journal: Arc<dyn Journal>,
    /// Whether other processes append to the log, too.
    pub sharing: Sharing,
    /// The side tables, beside the journal.
    pub side: Arc<dyn Database>,
    /// The workspaces' data keys.
    pub data_keys: Arc<DataKeys>,
    /// The log's signing key.
    pub signing_key: Arc<SigningKey>,
    /// The signed checkpoints.
    pub checkpoints: Checkpoints,
    /// What keeps the log from being served.
    pub marks: Marks,
    /// Where the peppers of keys are.
    pub pepper_file: PepperFile,
    /// What opens everything.
    pub master_key: MasterKey,
    /// The figures.
    pub metrics: Metrics,
    /// Held as long as the store is.
    pub lock: FolderLock,
}

impl Store {
    /// Locks and opens the folder, and the database if there is one, by whose clock the store then goes.
    ///
    /// # Errors
    /// [`OpenError::Empty`] for an existing one that holds no journal, [`OpenError::EmptyDatabase`] for such a database.
    pub async fn open(folder: &Folder, opening: Opening, clock: SharedClock) -> Result<Self, OpenError> {
        let path = folder.path.clone();
        if opening == Opening::Existing && !databases::may_be_in(folder) {
            return Err(OpenError::Empty(path));
        }
        // Its owner's alone: it holds the key, and the sandbox keeps texts in the open.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|error| OpenError::Folder { path: path.clone(), error })?;
        let lock = FolderLock::take(&path)?;
        let master_key = master_key(folder, opening)?;
        let pepper_file = pepper_file(folder, &master_key);
        let metrics = Metrics::default();
        let Databases { clock, journal, side, sharing } = Databases::open(folder, clock, &metrics).await?;
        if opening == Opening::Existing && journal.head().await?.position == Position(0) {
            return Err(if folder.database.is_some() { OpenError::EmptyDatabase } else { OpenError::Empty(path) });
        }
        let data_keys = Arc::new(DataKeys::open(Arc::clone(&side), master_key.clone()).await?);
        let now = clock.now();
        let name = format!("{LOG_NAME}{}", random::uuid_at(now)).parse().expect("a UUID has nothing that notes forbid");
        let signing_keys = SigningKeys::open(Arc::clone(&side), master_key.clone()).await?;
        let signing_key = Arc::new(signing_keys.load_or_create(&name, now).await?);
        let checkpoints = Checkpoints::open(Arc::clone(&side), &path).await?;
        let marks = Marks::open(Arc::clone(&side)).await?;
        Ok(Self {
            folder: path,
            clock,
            journal,
            sharing,
            side,
            data_keys,
            signing_key,
            checkpoints,
            marks,
            pepper_file,
            master_key,
            metrics,
            lock,
        })
    }

    /// What tells this log from all others. Every node of its engine knows it by it, and a copy that was moved or restored
    /// keeps it, since it stands beside the log's signing key.
    pub fn log_id(&self) -> String {
        let name = self.signing_key.verifying_key().name().to_string();
        name.strip_prefix(LOG_NAME).unwrap_or(&name).to_owned()
    }

    /// Whether the log may be served: nothing keeps it from that.
    ///
    /// # Errors
    /// [`OpenError::EpochPending`] or [`OpenError::Moved`] where something does.
    pub async fn check_served(&self) -> Result<(), OpenError> {
        let epoch = self.journal.head().await?.epoch;
        if self.marks.is_epoch_pending(epoch).await? {
            return Err(OpenError::EpochPending);
        }
        if self.marks.is_moved(epoch).await? { Err(OpenError::Moved) } else { Ok(()) }
    }

    /// Whether another process serves this log, as far as can be seen. A folder's is this process's alone; of nodes that
    /// share a database, one that was killed is taken for alive for some seconds.
    pub async fn is_served(&self) -> Result<bool, DbError> {
        match self.sharing {
            Sharing::Alone => Ok(false),
            Sharing::Shared => somebody_serves(&self.side).await,
        }
    }

    /// Takes away the folder's read models, which may be of another log; they come back from the one that it has.
    pub fn forget_read_models(&self) -> std::io::Result<()> {
        databases::forget_read_models(&self.folder)
    }

    /// Whether nothing has happened in it yet.
    pub async fn is_empty(&self) -> Result<bool, ReadError> {
        Ok(self.journal.head().await?.position == Position(0))
    }
}

/// In the folder, unless the operator keeps the file elsewhere. Nodes that share a database share no folder.
fn pepper_file(folder: &Folder, master_key: &MasterKey) -> PepperFile {
    match (&folder.pepper_file, &folder.database) {
        (None, None) => PepperFile::in_folder(&folder.path, master_key.clone()),
        (named, _) => PepperFile::kept_elsewhere(named.clone(), master_key.clone()),
    }
}
