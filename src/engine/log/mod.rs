//! The log as an operator reads it: in this process or over the folder's socket, event by event, and checked whole.

mod event;
mod local;
mod socket;
mod source;
mod state;
mod verify;

pub use event::{LogEvent, UnreadableLogEvent};
pub use source::{LogSource, SourceError, open};
pub use state::{LogState, SignedNumbers};
pub use verify::{Finding, Report, verify};
