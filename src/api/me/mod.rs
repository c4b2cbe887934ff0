//! Who asks.

mod get;

pub use get::get;
