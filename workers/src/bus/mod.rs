//! The bus: jobs from the scheduler and the sweeper to the workers.
//!
//! A job says that a target is worth a look, no more: it may be lost, doubled or late without harm. The journal is the
//! queue; the sweeper puts back what was lost, and the target's own fence drops what was doubled.

pub mod contract;
mod in_process;
mod port;

pub use in_process::InProcess;
pub use port::{Bus, BusError, Job, Taken};
