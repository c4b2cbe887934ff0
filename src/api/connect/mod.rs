//! Connecting accounts: credentials are checked against the platform before anything is answered.

mod begin;
mod direct;
mod refusal;

pub use begin::begin;
pub use direct::direct;
