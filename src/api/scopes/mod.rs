//! What a key may be allowed.

mod list;

pub use list::list;
