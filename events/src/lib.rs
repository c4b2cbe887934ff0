//! The truth of Campanile: what happened, in order, and what may happen next.
//!
//! - [`journal`]: the append-only log, its port and its engines. Dense positions in commit order, claims, receipts and a
//!   Merkle tree in the same transaction.
//! - [`commands`]: load, decide, append, retry on conflict; answers with the committed events and their position.
//! - [`organization`], [`person`], [`workspace`], [`key`], [`account`], [`post`], [`media`], [`invitation`]: the
//!   aggregates. Their decisions are pure.
//! - [`log`]: what happened to the log itself. [`catalog`]: every stored event there is.
//! - [`merkle`]: the tree over the log, its proofs and signed checkpoints.
//! - [`seal`]: personal fields are sealed with their workspace's data key before they reach an event.
//! - [`db`]: the seam to the database that read models and side tables stand on.
//! - [`stored`]: how events become bytes and come back, for ever. [`outdated`]: what becomes of a build that is too old for them.
//! - [`sabotage`]: what tests break on purpose.
//! - [`clock`], [`ids`], [`random`], [`timing`]: time, identity and chance come in as parameters; they are owned here.
//!
//! What it doesn't do: talk to platforms, serve HTTP, keep read models.

pub mod account;
pub mod catalog;
pub mod clock;
pub mod commands;
pub mod db;
pub mod ids;
pub mod invitation;
pub mod journal;
pub mod key;
pub mod log;
pub mod media;
pub mod merkle;
pub mod organization;
pub mod outdated;
pub mod person;
pub mod post;
pub mod random;
pub mod sabotage;
pub mod seal;
pub mod stored;
pub mod timing;
pub mod workspace;
