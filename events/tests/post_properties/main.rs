//! What holds for a post that is published, whatever happens to it, in whatever order.
//!
//! - [`once`]: workers that die, answers that are lost, platforms that are slow: nothing is ever live twice, nothing that
//!   is live is taken for lost, and every target comes to an end.

mod once;
#[path = "../post_world/mod.rs"]
mod post_world;
mod world;
