//! The one way out: every request that leaves Campanile goes through here.
//!
//! It promises: the address that was checked is the address that is connected to, and a private one only if the operator
//! named it; one connection carries one request, with no redirect, no repeat and no pool; every wait and every answer's
//! size is bounded; an error says whether anything may have been sent ([`EgressError::may_have_been_sent`]); no header's
//! value shows in `Debug`.
//!
//! It doesn't know platforms, nor what an answer means.

mod client;
mod connection;
mod error;
mod message;
mod policy;
#[cfg(test)]
mod tests;

pub use client::{Egress, EgressLimits};
pub use connection::Connection;
pub use error::EgressError;
pub use message::{Request, Response};
pub use policy::EgressPolicy;
