//! API keys: made, shown, revoked.

pub(in crate::api) mod create;
mod get;
mod list;
pub(in crate::api) mod render;
pub(in crate::api) mod revoke;

pub use create::create;
pub use get::get;
pub use list::list;
pub use revoke::revoke;
