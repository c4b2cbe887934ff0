//! Pictures and films: where their bytes lie, and what they are.
//!
//! - [`MediaStore`]: the bytes, whole or not at all; what is given later stands for what was given before.
//! - [`inspect`]: what bytes are, told by themselves and not by a name.
//! - [`Library`]: the store beside the aggregate that says what lies in it.
//!
//! It promises: what is confirmed is what was looked at, whatever is given meanwhile and by whichever node; what
//! [`Library::fetch`] gives is what was confirmed, byte for byte; what nobody confirms is taken away a day after its address has
//! expired.
//!
//! It doesn't decide who may give or take, make pictures smaller, or decode them: that a file is whole is told by its format's own marks.

mod film;
mod forgotten;
mod giving;
mod held;
mod incoming;
mod inspect;
mod library;
mod store;
#[cfg(test)]
mod tests;
mod whole;

pub use forgotten::ForgetError;
pub use giving::{GiveError, LookError, Looked, Turn};
pub use held::Held;
pub use incoming::{Incoming, Whole};
pub use inspect::{InspectError, Inspected, inspect};
pub use library::{FetchError, Fetched, Library};
pub use store::{LARGEST, Lying, MediaStore, Place, StoreError};
