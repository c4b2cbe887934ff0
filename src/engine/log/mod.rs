//! The log as an operator reads it: in this process or over the folder's socket, event by event, counted, exported, and checked
//! whole.

mod claims;
mod epoch;
mod event;
mod export;
mod import;
mod local;
mod socket;
mod source;
mod state;
mod stats;
mod verify;
mod wrong;

pub use claims::LogClaims;
pub use epoch::{EpochError, KnownCheckpoints, NewEpoch, begin_epoch, signed};
pub use event::{LogEvent, UnreadableLogEvent};
pub use export::{ExportError, Exported, export, verify_export};
pub use import::{Announced, ImportError, Imported, announced, import};
pub use source::{LogSource, SourceError, open};
pub use state::{LogState, SignedNumbers};
pub use stats::{Stats, stats};
pub use verify::{Finding, Report, verify, verify_telling};
