//! The embedded engine: one process, one data folder.
//!
//! | in the folder | what it is |
//! | --- | --- |
//! | `campanile.lock` | held by the process that has the folder; its text names that process |
//! | `campanile.sock` | where other commands speak to it |
//! | `master.key` | what opens everything else, unless the operator keeps it elsewhere |
//! | `journal.db` | the truth, and beside it the side tables |
//! | `read.db` | the read models; can be deleted |
//! | `checkpoint` | the newest signed checkpoint of the log |
//!
//! - [`Store`]: the folder, locked, with the journal and the keys.
//! - [`Engine`]: all parts, running; [`Engine::serve`] answers requests until it is told to stop, then drains.
//!   Where the database is away, [`Engine::open_when_it_can_be`] waits for it.
//! - [`initialize()`]: the first events of a folder.
//! - [`bundle`]: what the engine needs besides its log, sealed for a move.
//! - [`log`]: the log read and checked, from within the process or beside it.
//!
//! It promises: nothing is replayed at the start; a second process on the folder is told who has it; what was
//! acknowledged before a stop is there after it.

pub mod bundle;
mod bus;
mod checkpoints;
mod connection;
mod core;
mod databases;
mod enveloped;
mod expiries;
mod founding;
mod initialize;
mod lingering;
mod lock;
pub mod log;
mod marks;
mod master_key;
mod notary;
mod projecting;
mod publishing;
mod resting;
mod restored;
mod running;
mod serve;
mod socket;
mod starting;
mod store;
#[cfg(test)]
mod tests;
mod timings;
mod upkeep;

pub use checkpoints::Checkpoints;
pub use core::Core;
pub use founding::Founding;
pub use initialize::{InitializeError, Initialized, Owner, initialize};
pub use lock::{FolderLock, LockError};
pub use marks::Marks;
pub use master_key::{MasterKeyError, master_key};
pub use notary::Notary;
pub use running::Engine;
pub use serve::{PATIENCE, SOCKET};
pub use socket::Socket;
pub use store::{OpenError, Opening, Store};
pub use timings::Timings;
