//! A real server of the AT Protocol (Bluesky's PDS) with its directory of accounts: installed once with npm under the
//! build's own folder, then started for whoever asks.
//!
//! It promises: it keeps what it is given, answers by its own rules, and its clock can be sent ahead, so that tokens end.
//! It can't be had without npm (or an earlier installation): then tests say `SKIPPED` and pass, unless
//! `CAMPANILE_TESTS_NEED_PDS=1` makes that a failure.

mod install;
mod server;

pub use server::Pds;
