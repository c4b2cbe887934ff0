//! Who asks, and whether they may: secrets of API keys, their verifiers, when they were last used.
//!
//! It promises: a secret is never kept, only its keyed digest; a secret whose checksum is wrong costs no look-up; a
//! revoked key opens nothing once its revocation is committed, since its state comes from the aggregate each time.
//!
//! It doesn't decide what a key may become (`campanile_events::key` does) or which route needs which scope (the route
//! table does).

mod caller;
mod keys;
mod passwords;
mod secret;
mod usage;
mod verifiers;

pub use caller::{Caller, Denied};
pub use keys::Access;
pub use passwords::{PasswordError, Passwords};
pub use secret::{InvalidSecret, KeySecret};
pub use usage::Usage;
pub use verifiers::{Holder, Verifiers};
