//! What tests break on purpose: points at which a process dies, and rules that it no longer keeps.
//!
//! - [`CrashPoint`]: `crash_at` ends the process there, as `kill -9` would, when the file that [`CRASH_AT`] names says so.
//! - [`Mutant`]: `mutated` says whether the process is the one that breaks this rule; [`MUTANT`] names it.
//!
//! It promises: without the feature `sabotage`, and in a build without debug assertions whatever its features are, the
//! calls do nothing and no variable is read. Only tests have the feature, by their own dependencies.

mod crash_point;
mod mutant;

#[cfg(all(feature = "sabotage", debug_assertions))]
mod armed;
#[cfg(not(all(feature = "sabotage", debug_assertions)))]
mod disarmed;

#[cfg(all(feature = "sabotage", debug_assertions))]
pub use armed::{crash_at, crash_unanswered, mutated};
pub use crash_point::{CRASH_AT, CrashPoint};
#[cfg(not(all(feature = "sabotage", debug_assertions)))]
pub use disarmed::{crash_at, crash_unanswered, mutated};
pub use mutant::{MUTANT, Mutant};
