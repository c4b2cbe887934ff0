//! ..
//! Campanile's read models: what the log says today, in tables that lists and timers can ask.
//!
//! - [`all()`]: every read model there is, in one list.
//! - [`projection`]: what a read model is to the runner: a name, a version, tables, and `apply`.
//! - [`folded`]: a read model whose rows follow from one aggregate's state; the aggregate stays the one truth.
//! - [`runner`]: keeps them current, parks what can't be applied, rebuilds beside the live tables.
//! - [`posts`], [`targets`], [`attempts`], [`due`], [`digests`], [`accounts`], [`keys`], [`workspaces`],
//!   [`people`], [`invitations`]:
//!   the tables and their queries.
//! - On PostgreSQL, the views `campanile.v_targets`, `v_attempts` and `v_lateness` are for dashboards.
//! - [`ReadModels`]: what a client's request is given of them: queries that name a workspace.
//! - [`page`]: one way to page through every list.
//!
//! It promises: rows and checkpoint move in one transaction; the same log gives the same rows, in whatever batches it
//! is read; an event that this build doesn't know is never passed over.
//!
//! What it doesn't do: decide anything, open sealed text, write to the journal. Every table here can be deleted and comes
//! back from the log.

pub mod accounts;
pub mod attempts;
mod bound;
pub mod digests;
pub mod due;
pub mod folded;
pub mod invitations;
pub mod keys;
mod list;
pub mod page;
pub mod people;
pub mod posts;
pub mod projection;
pub mod rows;
pub mod runner;
pub mod targets;
mod views;
pub mod workspaces;

pub use bound::{Bound, ReadModels};
pub use list::all;
pub use runner::Runner;
