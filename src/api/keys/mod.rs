//! API keys: made, shown, revoked.

pub(in crate::api) mod create;
mod documented;
mod get;
mod list;
pub(in crate::api) mod render;
mod replay;
pub(in crate::api) mod revoke;
pub mod shown;

pub use create::create;
pub(in crate::api) use documented::Documented;
pub use get::get;
pub use list::list;
pub(super) use replay::replayed;
pub use revoke::revoke;
