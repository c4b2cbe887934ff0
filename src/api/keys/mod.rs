//! API keys: made, shown, revoked.

mod create;
mod get;
mod list;
mod render;
mod revoke;

pub use create::create;
pub use get::get;
pub use list::list;
pub use revoke::revoke;
