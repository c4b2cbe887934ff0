//! A person who may sign in, and what they may do in each workspace.
//!
//! The password's hash is not here, nor in any event: it is kept beside the journal.

mod command;
mod decide;
mod error;
mod event;
mod role;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use role::*;
pub use state::*;
