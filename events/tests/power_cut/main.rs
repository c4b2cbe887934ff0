//! The power goes while the journal is written: whatever was acknowledged is there when it comes back.
//!
//! The journal's file lies on a disk of our own (FUSE), which keeps what was synced for certain, and of what was written
//! since any part, or none: sectors of 512 bytes, in any order. It goes dark at an operation of chance, under load; then the
//! journal is opened on what is left.
//!
//! - [`disk`]: what is kept; [`mount`]: how the kernel reaches it; [`power`]: the process that it is in.
//! - [`load`]: what is appended until it goes dark; [`promise`]: what must be there afterwards.
//!
//! `CAMPANILE_SEED` repeats a run's choices, `CAMPANILE_CUTS` makes it longer or shorter. Skipped, and said so, where there is
//! no FUSE.
#![cfg(target_os = "linux")]

#[path = "../../../tests/support/chance.rs"]
mod chance;
mod disk;
mod load;
mod mount;
mod power;
mod promise;
