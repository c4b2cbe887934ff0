//! How many requests a key or a session may make, in fixed windows (UTC minutes and days).
//!
//! Requests are counted in memory, out of shares that are taken beforehand from a table: what is handed out is on disk
//! before it is used. So a restart gives no key a fresh day; after a crash at most one share is missing from it. The same
//! table lets many nodes share one limit: each takes shares of its own, and together they never hold more than all.
//!
//! A process that is alone counts minutes in memory only: they are over before it is up again.

mod counted;
mod rate_limits;
mod shares;
#[cfg(test)]
mod tests;
mod window;

pub use counted::{Counted, Left};
pub use rate_limits::RateLimits;
use shares::Shares;
pub use window::Window;
