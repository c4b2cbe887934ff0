//! Keeps the read models current.
//!
//! It reads a batch of the log, lets each projection fold it, writes the changed rows and moves the checkpoints in one
//! transaction, then announces the position. It promises:
//!
//! - rows never say anything else than the checkpoint beside them;
//! - an event that can't be applied parks its stream for that projection, and nothing else;
//! - an event of a newer build, and a damaged log, stop it loudly where it stands;
//! - what somebody in this process waits for is taken at once; only a busy log that nobody waits for may fill a batch first,
//!   a tenth of a second at most, and not while anything is built anew;
//! - a raised version is built beside the live tables, which stay readable, and takes their place in one transaction.
//!
//! Several nodes may run it over one database, and none of them leads: each tries when its own process has appended,
//! whoever locks the checkpoints takes the batch, and the others look until they see it committed. A node that dies in
//! mid-batch loses the lock with its connection, one that freezes loses it to the server's time limit; either way
//! another takes the same batch.

mod advance;
mod announce;
mod checkpoint;
mod error;
mod fold;
mod heard;
mod open;
mod parked;
mod rebuild;
mod run;
mod status;
mod tables;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64},
};

use campanile_events::{
    db::Database,
    ids::{Epoch, Position},
    journal::Journal,
};
use checkpoint::Checkpoint;
pub use error::{OpenError, RunnerError};
pub use run::Progress;
pub use status::{ProjectionState, ProjectionStatus};
use tokio::sync::{Notify, watch};

use crate::projection::Projection;

/// Keeps a set of projections current.
pub struct Runner {
    journal: Arc<dyn Journal>,
    db: Arc<dyn Database>,
    projections: Vec<Arc<dyn Projection>>,
    epoch: Epoch,
    /// One batch at a time in this process.
    turn: tokio::sync::Mutex<()>,
    /// The checkpoints as they were last seen.
    seen: Mutex<Vec<Checkpoint>>,
    announced: watch::Sender<Position>,
    /// Somebody knows of a reason to look.
    woken: Notify,
    /// How far somebody here waits for.
    wanted: AtomicU64,
    /// How many here wait for something to be shown.
    waiting: watch::Sender<usize>,
    /// Why this build must not go on.
    stopped: watch::Sender<Option<RunnerError>>,
    /// [`Runner::run`] does, in this process.
    runs: AtomicBool,
}
