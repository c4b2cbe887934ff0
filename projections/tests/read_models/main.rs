//! The read models over a real log in SQLite: kept current, parked, rebuilt, listed.

mod atomic;
mod due;
mod lists;
mod parking;
mod rebuilding;
mod steps;
mod stopping;
mod support;
