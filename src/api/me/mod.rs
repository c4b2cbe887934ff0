//! Who asks.

mod documented;
mod get;
pub mod shown;

pub(in crate::api) use documented::Documented;
pub use get::get;
