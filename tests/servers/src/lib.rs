//! Real servers for tests: each runs on a free loopback port, in a temporary folder of its own, and is ended by its own
//! process id, so that tests can kill one and nothing depends on what happens to run on the machine.
//!
//! What a server can't do (no such program, a refused start) panics with what the server said: a test has no other way
//! to tell.

mod free_port;
mod nats;
mod nats_operator;
mod pds;
mod postgres;
mod process;

pub use free_port::free_port;
pub use nats::{Nats, Snapshot};
pub use nats_operator::NatsOperator;
pub use pds::Pds;
pub use postgres::Postgres;
pub use process::freeze;
