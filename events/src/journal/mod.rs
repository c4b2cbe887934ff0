//! The journal: an append-only log with a dense global position in commit order, and a version for every stream.
//!
//! It promises: positions without holes, in commit order, so that a tail that has passed a position never misses an
//! earlier one; appends that are all or nothing, over several streams; claims (unique names) and receipts in the same
//! transaction; a Merkle tree whose leaf is the position; what was acknowledged is synced.
//!
//! It doesn't decide anything: payloads are opaque bytes to it, and sealed fields stay sealed. The one that it reads is the
//! log's own: which epoch begins.

mod ahead;
mod bound;
#[cfg(feature = "contract")]
pub mod contract;
mod epochs;
#[cfg(test)]
mod given;
mod holders;
mod ledger;
mod model;
mod port;
mod postgres;
mod queue;
mod quota;
mod rebuilt;
mod recent;
mod refusal;
mod restore;
mod sqlite;
mod streams;

pub use ahead::ReadAhead;
pub use bound::BoundLog;
pub use holders::Holders;
pub use model::*;
pub use port::*;
pub use postgres::PostgresJournal;
pub use quota::{Counted, Exceeded, Month, used};
pub use restore::{RestoreError, Restoring};
pub use sqlite::SqliteJournal;
