//! An API key: what it may do, until when, and that it was revoked.
//!
//! Its secret is nowhere in here, nor in any event: only a keyed digest of it is kept, beside the journal.

mod command;
mod decide;
mod error;
mod event;
mod scope;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use scope::*;
pub use state::*;
