//! Connecting accounts, with credentials or on the platform's own page: either way they are checked against the platform
//! before anything is answered.

mod begin;
mod direct;
mod documented;
mod refusal;
pub mod request;
pub mod shown;

pub use begin::begin;
pub use direct::direct;
pub(in crate::api) use documented::Documented;
