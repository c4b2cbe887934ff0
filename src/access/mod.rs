//! Who asks, and whether they may: secrets of API keys, their verifiers, what they are bound to, how many requests they
//! may make, and when they were last used.
//!
//! It promises: a secret is never kept, only its keyed digest; a secret whose checksum is wrong costs no look-up; a
//! revoked key opens nothing, on any node, to a request that starts once its revocation is settled
//! ([`Access::settled`]); many nodes share a key's limits; a restart gives no key a fresh day.
//!
//! It doesn't decide what a key may become (`campanile_events::key` does) or which route needs which scope (the route
//! table does).

mod address;
mod caller;
mod current;
mod grant;
mod keys;
pub mod limits;
mod origins;
mod passwords;
mod reach;
mod secret;
mod usage;
mod verifiers;

pub use address::{Peer, client_address};
pub use caller::{Caller, Denied, Presented};
pub use current::somebody_serves;
pub use grant::{InvalidOrigin, network, opened, origin, sealed};
pub use keys::Access;
pub use origins::{Origins, OriginsError};
pub use passwords::{PasswordError, Passwords};
pub use reach::OutOfReach;
pub use secret::{InvalidSecret, KeySecret};
pub use usage::{Usage, Used};
pub use verifiers::{Holder, Verifiers};
