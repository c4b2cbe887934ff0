//! Carrying out commands: load, decide, append, and again if the stream moved meanwhile.
//!
//! Commands of one stream that arrive together are decided one after the other on one state and appended as one, so that
//! twenty targets of a post that start in the same millisecond cost two commits and no conflict. Each is answered by
//! itself; if one of them can't be appended, they are replayed singly, so that it fails alone.
//!
//! Commands to several streams go in as one append, or not at all ([`Joint`]).
//!
//! From the append on a command runs to its end, whoever still listens: each stream's commands run in a task of their own.
//!
//! cqrs-es gives the vocabulary ([`cqrs_es::Aggregate`], [`cqrs_es::EventStore`]); its own framework answers with nothing
//! and its stores apply events twice or never conflict, so loading, committing and the bounded retry are here.

mod executor;
mod joint;
mod lane;
mod load;
mod memory;
mod store;
#[cfg(test)]
mod tests;

pub use executor::*;
pub use joint::*;
pub use load::*;
pub use store::*;
