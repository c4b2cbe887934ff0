//! What an engine needs besides its log, as one sealed file: data keys, the log's signing key and its checkpoints, the
//! verifiers of keys and when keys were used, hashes of passwords, platforms' credentials, receipts.
//!
//! It promises: nothing of it reads without the master key that the engine has, not even how much of what there is; a bundle
//! that was changed doesn't open; it goes into an engine whose log is empty, all or nothing.
//!
//! It doesn't hold the master key, which verifiers hang on: whoever moves an engine moves that key by itself. Nor media, rate
//! counters, workers' heartbeats or read models.

mod bundler;
mod contents;
mod tables;

pub use bundler::{BundleError, Bundler};
pub use contents::{Bundle, UnreadableBundle};
