//! The read models, as operators look after them.

mod rebuild;
mod status;

pub use rebuild::rebuild;
pub use status::status;
