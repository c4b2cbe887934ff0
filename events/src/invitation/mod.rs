//! An invitation of somebody into a workspace, by a link that they get: whom it is for, with which role, and what became
//! of it.
//!
//! The link is not here, nor in any event: a keyed digest of it is kept beside the journal. In a workspace there is one
//! open invitation for an address at most.

mod command;
mod decide;
mod error;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use state::*;
