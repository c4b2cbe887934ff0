//! Several nodes on one PostgreSQL and one NATS.

mod crossing;
mod elsewhere;
mod freezer;
mod leading;
mod node;
mod once;
mod pausing;
