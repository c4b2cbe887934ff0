//! The adapter, and publishing with it, against a real server of the AT Protocol.

#[path = "../publishing/house.rs"]
#[expect(dead_code, reason = "these tests need less of the house than publishing's own")]
mod house;
mod posting;
mod resident;
mod server;
mod sessions;
mod whole;
