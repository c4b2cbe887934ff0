//! API keys: made, shown, revoked.

mod create;
mod get;
mod list;
mod render;
mod replay;
mod revoke;

pub use create::create;
pub use get::get;
pub use list::list;
pub(super) use replay::replayed;
pub use revoke::revoke;
