//! Sealing of personal fields: bodies, handles, names, e-mail addresses, a client's own text.
//!
//! Each workspace (and the organization above it) has a data key, kept beside the journal and wrapped by the master key.
//! Whoever destroys the data key has erased the text; events, digests and proofs still hold. The journal and the
//! projections carry sealed values without opening them; who renders an answer opens them.
//!
//! - [`Open`] and [`Sealed`]: the text on either side.
//! - [`MasterKey`]: the operator's secret, outside the database. It wraps other secrets and derives keys by purpose.
//! - [`DataKey`] and [`DataKeys`]: one key for each scope, and where they are kept.
//! - [`SigningKeys`]: where the log's own signing key is kept.
//!
//! It promises: what was tampered with, cut, or moved to another field or scope is an error, never other text and never a
//! panic; no secret shows in `Debug` or in an error.
//!
//! What it doesn't do: reach copies. A wrapped key may live on in a backup or in the database's own logs until they are
//! gone, for who also holds the master key.

mod cipher;
mod data_key;
mod data_keys;
mod error;
pub mod fields;
mod mac;
mod master_key;
mod signing_keys;
mod text;

pub use data_key::DataKey;
pub use data_keys::DataKeys;
pub use error::SealError;
pub use master_key::{InvalidMasterKey, MasterKey};
pub use signing_keys::SigningKeys;
pub use text::{Open, Sealed};
