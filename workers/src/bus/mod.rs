//! The bus: jobs from the scheduler and the sweeper to the workers, and wake-ups between nodes.
//!
//! A job says that a target is worth a look, no more: it may be lost, doubled or late without harm. The journal is the
//! queue; the sweeper puts back what was lost, and the target's own fence drops what was doubled.
//!
//! - [`Bus`], [`Job`], [`Taken`]: the port; [`contract`] is what every engine must do.
//! - [`InProcess`]: one process. [`nats`]: many nodes.
//! - [`Health`]: how a bus is. [`Wakes`]: how far journal and read models got.

pub mod contract;
mod health;
mod in_process;
pub mod nats;
mod port;
mod wakes;

pub use health::Health;
pub use in_process::InProcess;
pub use nats::Nats;
pub use port::{Bus, BusError, Job, MOST_PUT_OFF, Outcome, Taken};
pub use wakes::{Moved, Wakes, WakesInProcess};
