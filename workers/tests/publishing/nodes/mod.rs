//! Several nodes on one PostgreSQL and one NATS.

mod crossing;
mod elsewhere;
mod freezer;
mod leading;
pub mod node;
mod once;
mod pausing;
