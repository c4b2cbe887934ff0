//! `campanile peppers retire`

use campanile_events::clock::SystemClock;
use clap::Args;
use http::Method;

use super::Operator;
use crate::{
    access::{Retirement, Verifiers},
    cli::Failure,
    configuration::{Folder, FolderFlags},
    engine::{LockError, OpenError, Opening, Store},
};

const EXAMPLES: &str = "Examples:
  campanile peppers retire 2
  campanile peppers retire 2 --lost    its file is gone: the keys under it open nothing any more; with no `serve` running

Exit codes: 0 it is gone, 1 it failed, 2 refused (then nothing was changed).";

/// Take an old pepper away that no key needs any more
///
/// Refused while a key that opens something stands under it. What is kept of the secrets of revoked and expired keys under it is
/// forgotten: they are then refused as unknown rather than as revoked. On many nodes take its line out of the other nodes' files
/// afterwards.
///
/// A version whose file is lost keeps the engine from starting. With `--lost` it is given up, and the keys under it with it: make
/// new ones. That needs a stopped engine: end every `serve` on this folder, or on this database, first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Retire {
    /// Its number, as `peppers list` shows it
    #[arg(value_name = "VERSION")]
    version: u64,

    /// It is lost: give up the keys under it; needs a stopped engine
    #[arg(long)]
    lost: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Retire {
    pub(super) fn run(self) -> Result<(), Failure> {
        let version = self.version;
        if !self.lost {
            let path = format!("/operator/peppers/{version}");
            let done = Operator::run(self.folder, async |engine| engine.ask(Method::DELETE, &path, None).await)?;
            say!("version {version} is retired; secrets that were forgotten with it: {}", done["forgotten"]);
            return Ok(());
        }
        let folder = Folder::resolve(self.folder)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(async {
            let store = Store::open(&folder, Opening::Existing, SystemClock::shared()).await;
            let stopped_first = |who: &str| {
                Failure::Refused(format!("{who}: `--lost` needs a stopped engine, so end every `serve` first"))
            };
            let store = store.map_err(|error| match error {
                OpenError::Lock(held @ LockError::Held { .. }) => stopped_first(&held.to_string()),
                error => error.into(),
            })?;
            if store.is_served().await.map_err(|error| Failure::Failed(error.to_string()))? {
                return Err(stopped_first("another process serves this database"));
            }
            let done = Verifiers::give_up(&store.side, &store.pepper_file, version).await;
            done.map_err(|error| Failure::Failed(error.to_string()))
        })?;
        match done {
            Retirement::Done(keys) => {
                say!("version {version} is given up; keys that open nothing any more: {keys}");
                Ok(())
            }
            Retirement::Unknown => {
                Err(Failure::Refused(format!("no key stands under a version {version} of the pepper")))
            }
            Retirement::Newest | Retirement::Needed(_) => {
                Err(Failure::Refused(format!("version {version} of the pepper is not lost: it is here")))
            }
        }
    }
}
