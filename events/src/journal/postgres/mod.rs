//! The journal on PostgreSQL: many nodes append to one log.
//!
//! Appends of all tasks of a process meet in a bounded queue; one task takes what waits and runs one transaction for all
//! ([`carrier`], [`batch`]), in two round trips: the head row's lock with what the batch concerns, read in statements of
//! their own; then the rows, the head and the commit. While nobody else appends it is one: decided on what this process
//! left, and let in only if the head is still that ([`single`]). Processes take turns on the head row's lock ([`numbering`]).
//!
//! It promises, beyond the contract: a process that stops with the lock in hand loses it after a second, before anyone
//! who waits for it fails; a commit whose answer was lost is looked up before anyone is told; while the server is away,
//! callers are told so at once. Times come from the database's clock, under the lock.
//!
//! Followers on other nodes are woken after the commit, on a connection of its own ([`bell`]), and ask by themselves
//! once a second. It doesn't read from standbys.

mod appender;
mod batch;
mod bell;
mod carrier;
mod columns;
mod concerns;
mod engine;
mod failure;
mod idle;
mod known;
mod link;
mod numbering;
mod readers;
mod restore;
mod rows;
mod single;
#[cfg(test)]
mod single_tests;
mod tables;
#[cfg(test)]
mod tests;

pub use engine::PostgresJournal;
