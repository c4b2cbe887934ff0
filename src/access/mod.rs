//! Who asks, and whether they may: secrets of API keys, their verifiers, what they are bound to, how many requests they
//! may make, what their workspace's plan lets them, when they were last used and what was refused to them; people, their passwords, sessions and roles.
//!
//! It promises: a secret is never kept, only its keyed digest; a secret whose checksum is wrong costs no look-up; a
//! revoked key opens nothing, on any node, to a request that starts once its revocation is settled
//! ([`Access::settled`]); many nodes share a key's limits; a restart gives no key a fresh day; a session that was ended
//! opens nothing from then on, on any node; a password is never kept, only its argon2id hash; guessing one is slowed,
//! and takes as long for an address that nobody has.
//!
//! It doesn't decide what a key may become (`campanile_events::key` does) or which route needs which scope (the route
//! table does).

mod address;
mod attempts;
mod caller;
mod current;
mod email;
mod families;
mod grant;
mod grants;
mod keys;
pub mod limits;
mod links;
mod origins;
mod passwords;
mod people;
mod peppers;
pub mod plans;
mod private_file;
mod reach;
mod refusals;
mod secret;
mod sessions;
mod token;
mod usage;
mod verifiers;

pub use address::{Peer, client_address};
pub use attempts::{Attempt, Attempts};
pub use caller::{Caller, Denied, Presented, Who};
pub use current::somebody_serves;
pub use email::{Email, InvalidEmail};
pub use grant::{InvalidOrigin, network, opened, origin, sealed};
pub use keys::Access;
pub use links::{Link, Links, Purpose};
pub use origins::{Origins, OriginsError};
pub use passwords::{PasswordError, Passwords};
pub use people::{Home, NoPlace, Origin, People, PeopleError, SignInError, SignedIn};
pub use peppers::{PepperError, PepperFile};
pub use private_file::{Keeper, read_private, write_private};
pub use reach::{OutOfReach, is_sandbox};
pub use refusals::{Refusals, Refused, Shown as ShownRefusal};
pub use secret::{InvalidSecret, KeySecret};
pub use sessions::{IDLE, LONGEST, Session, Sessions};
pub use token::{InvalidToken, Token, TokenKind};
pub use usage::{Usage, Used};
pub use verifiers::{Holder, Retirement, Verifiers, VersionShown};
