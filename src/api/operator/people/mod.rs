//! People, as operators list, invite and remove them, and let them set another password.

mod invite;
mod list;
mod named;
mod remove;
mod reset;

pub use invite::invite;
pub use list::list;
pub use remove::remove;
pub use reset::reset;
