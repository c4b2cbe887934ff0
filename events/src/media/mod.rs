//! A picture or a film that posts show: what was announced, and what its content turned out to be.
//!
//! The bytes are not here: they lie in a store beside the journal. What is said of them never changes once it is
//! confirmed.

mod command;
mod decide;
mod error;
mod event;
mod kind;
mod state;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use kind::*;
pub use state::*;
