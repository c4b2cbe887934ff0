//! What works through what is due: the platforms and the way out to them, the accounts' tokens.
//!
//! - [`egress`]: the one way out; it checks addresses and says whether anything may have been sent.
//! - [`platforms`]: the port that every platform stands behind, and the platforms, a folder each.
//! - [`tokens`]: the credentials of connected accounts, sealed beside the journal.
//!
//! What it doesn't do: decide what may be sent (`campanile_events` does), write read models, serve Campanile's own API.

pub mod egress;
pub mod platforms;
pub mod tokens;
