//! What happened to a post. Stored names and shapes are for ever.

mod every;
mod post;
mod removal;
mod target;

pub use every::*;
pub use post::*;
pub use removal::*;
pub use target::*;
