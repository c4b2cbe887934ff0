//! The read models over a real log in SQLite: kept current, parked, rebuilt, listed.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod atomic;
mod due;
mod lists;
mod parking;
mod rebuilding;
mod steps;
mod stopping;
mod support;
