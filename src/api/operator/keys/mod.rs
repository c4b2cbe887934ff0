//! Keys, as operators make, list and revoke them: beyond nobody's scopes, and without a key of their own.

mod create;
mod list;
mod revoke;

pub use create::create;
pub use list::list;
pub use revoke::revoke;
