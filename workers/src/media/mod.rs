//! Pictures and films: where their bytes lie, and what they are.
//!
//! - [`MediaStore`]: the bytes, whole or not at all, each once.
//! - [`inspect`]: what bytes are, told by themselves and not by a name.
//! - [`Library`]: the store beside the aggregate that says what lies in it.
//!
//! It promises: what [`Library::fetch`] gives is what was confirmed, byte for byte; what nobody confirms is taken away a day
//! after its address has expired.
//!
//! It doesn't decide who may give or take, make pictures smaller, or decode them: that a file is whole is told by its format's own marks.

mod film;
mod forgotten;
mod inspect;
mod library;
mod store;
#[cfg(test)]
mod tests;
mod whole;

pub use forgotten::ForgetError;
pub use inspect::{InspectError, Inspected, inspect};
pub use library::{FetchError, Fetched, Library};
pub use store::{Incoming, LARGEST, MediaStore, Place, StoreError};
