//! Measuring this machine with this configuration: what `campanile bench` runs.
//!
//! - [`Place`]: room for engines that nobody else uses: temporary folders, and databases beside the named one.
//! - [`Plan`] and [`run()`]: one scenario, a file for each, from an empty engine to its [`Figures`].
//! - [`Telling`]: who is told how far it has come.
//!
//! It promises: every scenario has a yardstick that is measured on the same machine in the same run; nothing of an engine
//! that is in use is read or written; what was made is taken away, also when the measuring fails.
//!
//! It doesn't judge: figures of one machine say nothing of another, only ratios travel.

mod append;
mod authenticate;
mod bare;
mod burst;
mod command;
mod connection;
mod copying;
mod cursor;
mod figures;
mod growth;
mod house;
mod http;
mod lives;
mod load;
mod place;
mod plan;
mod precision;
mod reading;
mod rebuild;
mod replay;
mod rest;
mod ringing;
mod rows;
mod startup;
mod syncs;
mod telling;

pub use figures::{Figures, Line};
pub use place::Place;
pub use plan::{Plan, Route, Scenario, run};
pub use telling::{Silent, Telling};
