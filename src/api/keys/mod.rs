//! API keys: made, shown, revoked.

mod create;
mod documented;
mod get;
mod list;
mod render;
mod revoke;
pub mod shown;

pub use create::create;
pub(in crate::api) use documented::Documented;
pub use get::get;
pub use list::list;
pub use revoke::revoke;
