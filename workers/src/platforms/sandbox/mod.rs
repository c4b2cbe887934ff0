//! A platform of our own: it takes posts as others do, fails as it is told to, and tells afterwards what became visible.
//!
//! - [`Sandbox`]: accounts, posts, keys and faults, in memory or with a file behind it.
//! - [`serve`]: the same over HTTP, where a lost answer is a connection that really ends.
//! - [`SandboxPlatform`]: the adapter, to one in this process or one elsewhere.
//!
//! It promises: what its journal says became visible is the truth, whatever was answered; of two requests under one key of
//! a keyed account one makes a post, unless a fault says otherwise.
//!
//! It is for trials: it keeps texts in the open and lets in whoever knows a handle.

mod adapter;
mod answer;
mod effect;
mod fault;
mod journal;
mod record;
mod removal;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod upload;

pub use adapter::SandboxPlatform;
pub use answer::{Answer, Handling, Outcome};
pub use fault::{Fault, FaultKind, InvalidFault, Point};
pub use journal::{AccountClass, Received, Removed, SandboxAccount, SandboxJournal, Uploaded, Visible};
pub use server::serve;
pub use state::{Listing, Sandbox, Submission};
pub use upload::Upload;
