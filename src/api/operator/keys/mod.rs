//! Keys, as operators make, list, show, change, rotate and revoke them: beyond nobody's scopes, and without a key of their own.

mod create;
mod edit;
mod get;
mod history;
mod list;
mod revoke;
mod rotate;

pub use create::create;
pub use edit::edit;
pub use get::get;
pub use history::history;
pub use list::list;
pub use revoke::revoke;
pub use rotate::rotate;
