//! An API key: what it may do, from where and until when; that it was changed, followed by another, or revoked.
//!
//! Its secret is nowhere in here, nor in any event: only a keyed digest of it is kept, beside the journal. The addresses
//! that it may be sent from are sealed; a command brings them in the open as a [`Grant`], since what a key may hand on is
//! decided by them.

mod change;
mod command;
mod decide;
mod error;
mod event;
mod grant;
mod presets;
#[cfg(test)]
mod properties;
mod scope;
mod state;
mod steps;
#[cfg(test)]
mod tests;

pub use command::*;
pub use error::*;
pub use event::*;
pub use grant::*;
pub use presets::*;
pub use scope::*;
pub use state::*;
pub use steps::*;
