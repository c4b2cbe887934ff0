//! What a key may be allowed.

mod documented;
mod list;
pub mod shown;

pub(in crate::api) use documented::Documented;
pub use list::list;
