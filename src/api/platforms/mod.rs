//! What each platform takes, and what its delivery is worth.

mod documented;
mod filter;
mod list;
pub mod shown;

pub(in crate::api) use documented::Documented;
pub use list::list;
