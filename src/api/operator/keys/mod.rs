//! Keys, as operators make, list, rotate and revoke them: beyond nobody's scopes, and without a key of their own.

mod create;
mod list;
mod revoke;
mod rotate;

pub use create::create;
pub use list::list;
pub use revoke::revoke;
pub use rotate::rotate;
