//! PostgreSQL as a database that many nodes share.
//!
//! Everything of ours lies in one schema, [`SCHEMA`], so that the database may hold other things too. [`Settings`] say
//! where the server is and how long it may take; [`connect`] opens one connection that keeps to them.

mod connect;
mod error;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod tls;

pub use connect::{connect, connect_and_listen};
pub use schema::create_schema;
pub use settings::{Limits, SCHEMA, Settings, SettingsError};
