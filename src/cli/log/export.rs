//! `campanile log export`

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use campanile_events::ids::Position;
use clap::Args;

use crate::{
    cli::{Failure, Progress},
    configuration::{Folder, FolderFlags},
    engine::log::{ExportError, export, open},
};

const EXAMPLES: &str = "Examples:
  campanile log export --output log.jsonl
  campanile log export --after 104277 | gzip > since-104277.jsonl.gz
  campanile log export --output log.jsonl --bundle keys.bundle --for-move
  campanile log export --output log.jsonl --bundle keys.bundle    # all that `log import` needs, but media and master key
  campanile log verify --file log.jsonl";

/// Write the event log as a file that can be verified anywhere
///
/// JSON lines: a header with the form's version, the log's epoch and the verifying key; the events, personal text sealed as
/// it is stored; and the signed checkpoint that they end at, which is signed for this export.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// Begin after this position
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,

    /// The file to write, which takes its name when it is whole [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Also write what the engine needs besides its log, sealed with its master key, for `log import` or a backup
    ///
    /// Data keys, the signing key, keys' verifiers, passwords, platforms' credentials, receipts. It opens with the master key
    /// alone, which isn't in it: keep that elsewhere.
    #[arg(long, value_name = "FILE", requires = "output", conflicts_with = "after")]
    bundle: Option<PathBuf>,

    /// The log moves to another engine: mark it, so that it is served here no more (`campanile log keep` takes that back)
    ///
    /// The engine must be stopped: what happens after an export is not in it.
    #[arg(long, requires = "bundle")]
    for_move: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Export {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let folder = Folder::resolve(self.folder)?;
        let log = open(&folder).await?;
        if self.for_move {
            // Before the log is read: what is served after that isn't in the export.
            log.moves().await?;
        }
        let after = Position(self.after);
        let progress = Progress::start("exporting", 0);
        let seen = |done, steps| progress.at(done, steps);
        let exported = match &self.output {
            None => match export(log.as_ref(), after, &mut BufWriter::new(std::io::stdout()), &seen).await {
                // Whoever read it has seen enough.
                Err(ExportError::Io(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                done => done?,
            },
            Some(path) if is_device(path) => {
                let unwritten = |error| Failure::Failed(format!("{}: {error}", path.display()));
                let mut file = BufWriter::new(OpenOptions::new().write(true).open(path).map_err(unwritten)?);
                let exported = export(log.as_ref(), after, &mut file, &seen).await?;
                file.flush().map_err(unwritten)?;
                exported
            }
            Some(path) => {
                let path = &target(path);
                let unwritten = |error| Failure::Failed(format!("{}: {error}", path.display()));
                let beside = PathBuf::from(format!("{}.part", path.display()));
                let mut file = BufWriter::new(File::create(&beside).map_err(unwritten)?);
                let exported = export(log.as_ref(), after, &mut file, &seen).await;
                if exported.is_err() {
                    // Half an export only misleads.
                    let _ = std::fs::remove_file(&beside);
                }
                let exported = exported?;
                file.flush().and_then(|()| file.get_ref().sync_all()).map_err(unwritten)?;
                std::fs::rename(&beside, path).map_err(unwritten)?;
                exported
            }
        };
        drop(progress);
        if let Some(path) = &self.bundle {
            // After the log: what its events need is in it.
            write_sealed(path, &log.bundle().await?)?;
        }
        eprintln!("exported {} events, up to position {}", exported.events, exported.to);
        if self.for_move {
            eprintln!("this log is marked as moved: `campanile serve` refuses it here from now on");
        }
        Ok(())
    }
}

/// The file that a name stands for: a link stays one.
fn target(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether something else than a file has the name, such as a pipe: it is written to, and nothing takes its place.
fn is_device(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

/// Its owner's alone, though it is sealed; under its name once it is whole.
fn write_sealed(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path = &target(path);
    let beside = PathBuf::from(format!("{}.part", path.display()));
    let write = || {
        if is_device(path) {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        // One that was left behind may be open to others.
        std::fs::remove_file(&beside)
            .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}
