//! `campanile log import`

use std::{
    cell::Cell,
    fs::File,
    io::{BufReader, ErrorKind},
    path::{Path, PathBuf},
};

use campanile_events::{
    clock::SystemClock,
    db::DbError,
    ids::{Epoch, Position},
};
use clap::Args;

use super::restored::Restored;
use crate::{
    cli::{Failure, Progress},
    configuration::{Folder, FolderFlags},
    engine::{
        Founding, MasterKeyError, Opening, Store,
        bundle::{Bundle, BundleError, Bundler},
        log::{ExportError, ImportError, Imported, announced, import, open, verify_export, verify_telling},
        master_key,
    },
};

const EXAMPLES: &str = "Examples:
  campanile log import log.jsonl --bundle keys.bundle --data /var/lib/campanile
  campanile log import log.jsonl --bundle keys.bundle --database-url postgres://… --master-key-file master.key
  campanile log import last-night.jsonl --bundle last-night.bundle --restored

Stop the old engine first, and export after it has stopped: two engines with one history would both publish. Bring the master
key along by yourself, and copy the folder `media`.
Exit codes: 0 done and verified, 1 failed (the log is empty still, unless it says otherwise), 2 refused, as an export is that
doesn't verify: nothing was changed.";

/// Put an exported log into an engine that has none yet
///
/// Positions, ids, times, hashes and signed checkpoints stay what they are. The export is verified before anything is written;
/// the events go in all or none; and the log is verified again before this says done. The bundle, which `log export --bundle`
/// wrote, brings what isn't in the log: data keys, the signing key, keys' verifiers, passwords, platforms' credentials, and the
/// receipts of idempotency keys.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// The export
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The bundle that was written with it
    #[arg(long, value_name = "FILE", required_unless_present = "without_bundle")]
    bundle: Option<PathBuf>,

    /// Bring the events alone: no sealed text opens, no key lets anybody in, nothing can be published
    #[arg(long, conflicts_with = "bundle")]
    without_bundle: bool,

    /// The export is a backup, and the engine ran on after it: begin a new epoch, as `campanile log new-epoch` does
    #[arg(long)]
    restored: bool,

    #[command(flatten)]
    known: Restored,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Import {
    /// Who knows of a time after the export has a backup in hand, and must say so.
    fn check(&self) -> Result<(), Failure> {
        let Restored { checkpoint, keep_scheduled } = &self.known;
        let given = [(!checkpoint.is_empty(), "--checkpoint"), (*keep_scheduled, "--keep-scheduled")];
        match given.iter().find(|(given, _)| *given && !self.restored) {
            Some((_, flag)) => Err(Failure::Refused(format!(
                "{flag} is about a log that was restored from a backup: say --restored as well, or leave it out"
            ))),
            None => Ok(()),
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        self.check()?;
        let folder = Folder::resolve(self.folder.clone())?;
        let bundle = self.bundle.as_deref().map(|path| unsealed(path, &folder)).transpose()?;
        let mut known = self.known.read(&folder.path)?;
        known.kept.extend(bundle.as_ref().and_then(Bundle::last_checkpoint).map(str::to_owned));
        let announced = announced(read(&self.file)?).map_err(|error| match error {
            ImportError::Export(error) => unread(&self.file, &error),
            error => told(&self.file, error),
        })?;
        if let Some(bundle) = &bundle
            && bundle.verifying_key != announced.verifying_key
        {
            let reason = "the bundle is of another log than the export: it names another verifying key";
            return Err(Failure::Refused(reason.to_owned()));
        }
        known.check(&announced.verifying_key).map_err(|error| Failure::Refused(error.to_string()))?;
        let end = verified(&self.file, bundle.as_ref())?;

        let founding = Founding::begin(&folder).await?;
        if founding.is_used() {
            return Err(used());
        }
        let store = Store::open(&folder, Opening::New, SystemClock::shared()).await?;
        if !store.is_empty().await.map_err(|error| Failure::Failed(error.to_string()))? {
            return Err(used());
        }
        self.mark(&store, announced.epoch).await.map_err(|error| Failure::Failed(error.to_string()))?;
        let imported = self.put(&store, bundle.as_ref(), end).await?;
        drop((store, founding));
        if self.restored {
            let store = Store::open(&folder, Opening::Existing, SystemClock::shared()).await.map_err(after)?;
            self.known.begin(&store, &known).await.map_err(after)?;
        }
        check(&folder).await?;
        let head = imported.head;
        eprintln!("imported {} events; the log verifies: epoch {}, root {}", head.position, head.epoch, head.root);
        if self.restored {
            return Ok(());
        }
        eprintln!("the old engine must not run any more: two engines with one history would both publish");
        Ok(())
    }

    /// Before the log is there: a backup that came back may not be served until its new epoch has begun, whatever ends this
    /// process in between.
    async fn mark(&self, store: &Store, epoch: Epoch) -> Result<(), DbError> {
        store.marks.clear().await?;
        if self.restored { store.marks.epoch_pends(epoch).await } else { Ok(()) }
    }

    /// The bundle goes first: a log that is there has what it needs.
    async fn put(&self, store: &Store, bundle: Option<&Bundle>, end: Position) -> Result<Imported, Failure> {
        if let Some(bundle) = bundle {
            let unpacked = Bundler::of(store).unpack(bundle, end).await;
            unpacked.map_err(|error| match error {
                BundleError::Used(_) => Failure::Refused(error.to_string()),
                error => Failure::Failed(error.to_string()),
            })?;
        }
        store.forget_read_models().map_err(|error| Failure::Failed(error.to_string()))?;
        let (progress, length, done) = (Progress::start("importing", 0), length(&self.file)?, Cell::new(0));
        let seen = |bytes| {
            done.set(done.get() + bytes);
            progress.at(done.get(), length);
        };
        let imported =
            import(store.journal.as_ref(), read(&self.file)?, seen).await.map_err(|error| told(&self.file, error))?;
        if bundle.is_some() {
            let (head, now) = (&imported.head, store.clock.now());
            let kept = store.checkpoints.keep(head.epoch, head.position, &imported.checkpoint, now).await;
            kept.map_err(after)?;
        }
        Ok(imported)
    }
}

fn used() -> Failure {
    Failure::Refused("there is a log already, and an import needs an empty one: nothing was changed".to_owned())
}

/// What failed after the log was there.
fn after(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("the log is imported, but {error}"))
}

/// Opens the bundle, which needs the master key that it was sealed with.
fn unsealed(path: &Path, folder: &Folder) -> Result<Bundle, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?;
    let master = master_key(folder, Opening::Existing).map_err(|error| match error {
        MasterKeyError::File { path, error } if error.kind() == ErrorKind::NotFound => Failure::Refused(format!(
            "{}: {error}. The bundle opens with the old engine's master key alone: copy it there, or name it by \
             --master-key-file",
            path.display()
        )),
        error => Failure::Refused(error.to_string()),
    })?;
    Bundle::open(&bytes, &master).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?;
    Ok(BufReader::new(file))
}

fn length(path: &Path) -> Result<u64, Failure> {
    Ok(std::fs::metadata(path)?.len())
}

/// Checks the export before anything is touched, and that the bundle is not older than it; says where it ends.
fn verified(path: &Path, bundle: Option<&Bundle>) -> Result<Position, Failure> {
    let (progress, length, done) = (Progress::start("verifying the export", 0), length(path)?, Cell::new(0));
    let seen = |bytes| {
        done.set(done.get() + bytes);
        progress.at(done.get(), length);
    };
    let key = bundle.map(|bundle| bundle.verifying_key.clone());
    let report = verify_export(read(path)?, key, None, seen);
    let report = report.map_err(|error| unread(path, &error))?;
    if !report.ok {
        let wrong: Vec<_> =
            report.findings.iter().filter(|it| !it.ok).map(|it| format!("{}: {}", it.check, it.text)).collect();
        let words = format!("{} does not verify: {}. Nothing was changed", path.display(), wrong.join("; "));
        return Err(Failure::Refused(words));
    }
    match bundle {
        Some(bundle) if bundle.position.0 < report.events => Err(Failure::Refused(format!(
            "the bundle was made at position {}, before the export was, which ends at {}: keys of later events are not in it. \
             Write both with one `campanile log export --bundle`",
            bundle.position, report.events
        ))),
        _ => Ok(Position(report.events)),
    }
}

/// Checks the log that is there now.
async fn check(folder: &Folder) -> Result<(), Failure> {
    let log = open(folder).await.map_err(after)?;
    let progress = Progress::start("verifying the log", 0);
    // Signed anew: a log without its bundle has a key of its own.
    log.sign().await.map_err(after)?;
    let report = verify_telling(log.as_ref(), None, |done, steps| progress.at(done, steps)).await.map_err(after)?;
    if report.ok { Ok(()) } else { Err(after("it does not verify: see `campanile log verify`")) }
}

/// An export that can't be read before anything was changed.
fn unread(path: &Path, error: &ExportError) -> Failure {
    let words = format!("{}: {error}", path.display());
    match error {
        ExportError::Io(_) => Failure::Failed(words),
        _ => Failure::Refused(words),
    }
}

fn told(path: &Path, error: ImportError) -> Failure {
    match error {
        ImportError::Part(_) => Failure::Refused(format!("{}: {error}", path.display())),
        error => Failure::Failed(format!("{}: {error}", path.display())),
    }
}
