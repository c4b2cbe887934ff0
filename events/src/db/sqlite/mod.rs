//! SQLite as a database: one file in WAL mode, one thread that writes, a few connections that read.
//!
//! It promises: writers take turns in the order they came; a transaction that is dropped leaves nothing; whoever reads
//! sees committed rows only. A full disk or a locked file is [`DbError::Unavailable`](super::DbError), never a panic.
//!
//! It doesn't guard the file against other processes (the process's own lock does), nor keep anything in memory: what
//! [`Sqlite::open_in_memory`] makes has one connection, for units.

mod checkpointer;
mod engine;
mod error;
mod readers;
mod statement;
#[cfg(test)]
mod tests;
mod transaction;
mod writer;

pub use engine::{Durability, Sqlite};
pub(crate) use error::is_refusal;
