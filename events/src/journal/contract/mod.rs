//! What every engine of the journal must do, as a suite that is run against each of them: [`exercise`].
//!
//! An engine's tests give it an [`Engine`]: something that opens logs by name. A case has a log of its own, so that all
//! run at once, which is also how an engine is used. No case sleeps; they wait for positions, and a time limit ends
//! those that wait in vain.
//!
//! What damage and a full disk look like is each engine's own to test.

mod batches;
mod claims;
mod conflicts;
mod counting;
mod durability;
mod engine;
mod exercise;
mod given;
mod order;
mod reading;
mod receipts;
mod restoring;
mod tree;

pub use engine::Engine;
pub use exercise::exercise;
