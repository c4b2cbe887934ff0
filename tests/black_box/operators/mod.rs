//! What operators do at the machine, and what the program tells them of itself.

mod bench;
mod health;
mod help;
mod import;
mod keys;
mod log;
mod metrics;
mod moving;
mod pauses;
mod people;
mod projections;
mod put_back;
mod restore;
pub(crate) mod telemetry;
