//! What each platform takes, and what its delivery is worth.

mod list;

pub use list::list;
