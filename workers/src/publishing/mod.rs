//! Publishing: what is due is put on the bus, taken by a worker, sent once, and settled where its fate is in doubt.
//!
//! - [`Publishing`] starts and drains it all.
//! - `scheduler` watches the table of due targets and puts jobs on the bus at the right moment.
//! - [`Timers`] are its heap of what falls due next.
//! - `leader`: of the nodes with a scheduler one acts, the others stand by.
//! - `sweeper` puts back what nobody works on: lost jobs, silent workers, targets that wait to be asked for.
//! - `worker` takes jobs, as many at once as it may, and says every so often that it lives.
//! - `pauses`: nothing is begun in a paused workspace, and nothing leaves it once that was said; `elsewhere`: on other nodes
//!   neither.
//! - `publisher` looks at one target and does what its aggregate allows: send, settle, remove, or leave alone.
//! - `reach`: a node that doesn't reach the database leaves its jobs to others.
//! - `intent`: the durable word before a request leaves.
//! - `window`: until when a step may leave, and what keeps it back until then.
//! - `removal`: a deleted post goes from its platforms, where that was asked for.
//!
//! Nothing here decides what is safe: every step is a command that the post's aggregate may refuse. Connect first, then
//! intend, then write: what fails before the intent was not sent, by construction.

mod account;
mod context;
mod elsewhere;
mod intent;
mod leader;
mod marker;
mod media;
mod pauses;
mod publisher;
mod reach;
mod removal;
mod scheduler;
mod send;
mod settle;
mod start;
mod sweeper;
mod timers;
mod window;
mod worker;

pub use leader::Leader;
pub use start::{Deps, PartStatus, Publishing};
pub use timers::Timers;
