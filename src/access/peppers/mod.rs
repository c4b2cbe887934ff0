//! What keys' verifiers are keyed with: several peppers at once, each under a number, outside the database.
//!
//! The first follows from the master key. Later ones stand in a file ([`PepperFile`]), sealed with the master key; the newest
//! that every node has is the one that new keys stand under. Which are in use stands in the database ([`InUse`]), with a
//! proof of each, so that a node that lacks one, or has another under the same number, says so.
//!
//! It doesn't keep verifiers (`Verifiers` does), and nothing else is keyed with these peppers.

mod error;
mod file;
mod in_use;

pub use error::PepperError;
pub use file::PepperFile;
pub(super) use file::Peppers;
pub(super) use in_use::{Found, InUse};
