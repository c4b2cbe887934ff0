//! The accounts' credentials: sealed, beside the journal, never in it.
//!
//! Each account has a data key of its own, wrapped by the master key; what is sealed binds workspace, account and field, so
//! that a row moved to another account doesn't open. Credentials that are replaced get a new data key.

mod store;
#[cfg(test)]
mod tests;

pub use store::{TokenError, Tokens};
