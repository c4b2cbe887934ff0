//! API keys: made, shown, revoked.

pub(in crate::api) mod create;
mod get;
mod list;
pub(in crate::api) mod render;
mod replay;
pub(in crate::api) mod revoke;

pub use create::create;
pub use get::get;
pub use list::list;
pub(super) use replay::replayed;
pub use revoke::revoke;
