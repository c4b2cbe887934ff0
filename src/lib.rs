//! Campanile's own process: command line, configuration, wiring, and the HTTP API.
//!
//! - [`cli`]: the commands, a file each.
//! - [`configuration`]: flags, variables, file, defaults.
//! - [`engine`]: the embedded engine in a data folder, opened, served and drained.
//! - [`metrics`]: what `/metrics` shows.
//! - [`access`]: who asks, and whether they may.
//! - [`api`]: the HTTP API, a folder for each noun and a file for each verb.
//! - [`mod@bench`]: what `campanile bench` measures, a file for each scenario.
//!
//! What it doesn't do: decide what may happen (`campanile_events`), keep read models (`campanile_projections`), publish
//! (`campanile_workers`).

pub mod access;
pub mod api;
pub mod bench;
pub mod cli;
pub mod configuration;
pub mod engine;
pub mod metrics;
