//! What holds for a post whatever happens to it, in whatever order.
//!
//! - [`history`]: any events at all fold without a panic, and state and events survive being written and read.
//! - [`once`]: workers that die, answers that are lost, platforms that are slow: nothing is ever live twice, nothing that
//!   is live is taken for lost, and every target comes to an end.

mod history;
mod once;
#[path = "../post_world/mod.rs"]
mod post_world;
mod world;
