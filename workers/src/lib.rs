//! What works through what is due: the platforms and the way out to them, the accounts' tokens.
//!
//! - [`bus`]: jobs from the scheduler to the workers; may be lost, doubled or late without harm.
//! - [`publishing`]: scheduler, sweeper, workers: what is due is sent once, and settled where its fate is in doubt.
//! - [`heartbeats`]: who lives.
//! - [`leases`]: who may do what only one at a time should.
//! - [`observed`]: what publishing tells whoever counts it.
//! - [`waiting`]: waiting for an instant, and for the word to stop.
//! - [`egress`]: the one way out; it checks addresses and says whether anything may have been sent.
//! - [`media`]: pictures and films, where their bytes lie and what they are.
//! - [`platforms`]: the port that every platform stands behind, and the platforms, a folder each.
//! - [`sign_ins`]: what was begun on a platform's own page, until its code comes.
//! - [`tokens`]: the credentials of connected accounts, sealed beside the journal.
//!
//! What it doesn't do: decide what may be sent (`campanile_events` does), write read models, serve Campanile's own API.

pub mod bus;
pub mod egress;
pub mod heartbeats;
pub mod leases;
pub mod media;
pub mod observed;
pub mod platforms;
pub mod publishing;
pub mod sign_ins;
pub mod tokens;
pub mod waiting;
