//! PostgreSQL as a database that many nodes share.
//!
//! Everything of ours lies in one schema, [`SCHEMA`], so that the database may hold other things too. [`Settings`] say
//! where the server is and how long it may take; [`connect`] opens one connection that keeps to them, [`Postgres`] is the
//! seam over a bounded number of them.
//!
//! It promises: a transaction that is dropped leaves nothing; a server that can't be reached, or loses a connection, is
//! [`DbError::Unavailable`](super::DbError), and is tried again after a rest; a password is never shown.
//!
//! It doesn't know whether a commit whose answer was lost has happened: whoever must know looks.

mod connect;
mod engine;
mod error;
mod exclusive;
mod pool;
mod schema;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;
mod values;

pub use connect::{Traffic, connect, connect_and_carry, connect_and_listen};
pub use engine::{Connections, Postgres};
pub use exclusive::Exclusive;
pub use schema::create_schema;
pub use settings::{Limits, SCHEMA, Settings, SettingsError};
