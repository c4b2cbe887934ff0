//! The journal on SQLite: the embedded setting, and the units' journal in memory.
//!
//! Appends of all tasks meet in a bounded queue; one task takes what waits, takes its turn on the file's only writer and
//! runs one transaction for all ([`appender`], [`batch`]). What commits a batch is the disk's sync, so its cost is
//! shared by whoever came while the one before was synced.
//!
//! It doesn't choose the durability: the file is opened with it. What is acknowledged survives a loss of power only on
//! a file opened with [`Durability::Full`](crate::db::Durability).

mod appender;
mod batch;
mod engine;
mod failure;
mod restore;
mod rows;
mod tables;
#[cfg(test)]
mod tests;

pub use engine::SqliteJournal;
