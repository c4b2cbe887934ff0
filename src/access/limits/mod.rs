//! How many requests a key or a person may make, in fixed windows (UTC minutes and days), and how many are taken that
//! nobody answers for. Keys that follow one another by rotation count as one, and so do all sessions of a person.
//!
//! Requests are counted in memory, out of shares that are taken beforehand from a table: what is handed out is on disk
//! before it is used. So a restart gives no key a fresh minute and no fresh day; after a crash at most one share is missing
//! from each. The same table lets many nodes share one limit: each takes shares of its own, a hundredth of the limit at a
//! time, and together they never hold more than all. What a process doesn't use for a while it gives back, and all of it
//! when it stops.
//!
//! Those that nobody answers for are counted in memory only.

mod counted;
mod rate_limits;
mod settings;
mod share;
mod shares;
mod strangers;
#[cfg(test)]
mod tests;
mod window;

pub use counted::{Counted, Left};
pub use rate_limits::RateLimits;
pub use settings::{InvalidLimit, LimitSettings};
use share::{Counter, Share};
use shares::{Shares, Taken};
pub use strangers::Strangers;
pub use window::{Window, Windows};
