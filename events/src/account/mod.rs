//! An account on a platform: what it offers, whether it works, until when it must rest.
//!
//! Credentials are not here: they are kept sealed beside the journal.

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
