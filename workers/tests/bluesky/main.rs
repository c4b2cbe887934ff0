//! The adapter, and publishing with it, against a real server of the AT Protocol.

#![expect(clippy::unwrap_used, reason = "what a test's own helpers can't do fails the test")]

mod deleting;
#[path = "../publishing/house.rs"]
#[expect(dead_code, reason = "these tests need less of the house than publishing's own")]
mod house;
mod posting;
mod resident;
mod sessions;
mod whole;
