//! Signed checkpoints: what the log was when it had so many events, in a form that others' tools read.
//!
//! A checkpoint is a C2SP `tlog-checkpoint`, in a C2SP `signed-note` with an Ed25519 signature:
//!
//! ```text
//! campanile/01936a3e-0000-7000-8000-000000000001/epoch-1      origin: the log and its epoch
//! 104277                                                      number of leaves
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=                root over them
//! workspaces 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=     root over (workspace, last number), see workspaces_root
//! recorded-at 2026-12-01T09:00:00.000000Z                     when the last event was committed
//!
//! — campanile/01936a3e-0000-7000-8000-000000000001 Az3grl…    key name, base64 of key id and signature
//! ```
//!
//! (The remarks on the right are no part of it.) The second root is why an export of one workspace can neither skip an
//! event nor stop early unseen.
//!
//! It promises: [`open`] answers only with what the given key signed, and panics on no input. It doesn't say whether a
//! checkpoint is consistent with an earlier one, nor whether its origin is the log that was asked about: who opens it
//! compares. Who holds both database and key can sign anything; a checkpoint proves something where it was kept elsewhere.

mod keys;
mod note;
mod text;
mod workspaces;

pub use keys::{InvalidNoteName, InvalidVerifyingKey, NoteName, SigningKey, VerifyingKey};
pub use text::{Checkpoint, CheckpointError, open, sign};
pub use workspaces::{workspace_leaf, workspaces_root};
