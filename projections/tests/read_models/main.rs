//! The read models over a real log in SQLite, in tables of either engine: kept current, parked, rebuilt, listed, shared.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod atomic;
mod due;
mod lists;
mod parking;
mod rebuilding;
mod sharing;
mod steps;
mod stopping;
mod support;
