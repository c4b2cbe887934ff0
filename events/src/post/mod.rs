//! A post: its content, when it is due, and the target machine that publishes it once.
//!
//! One **target** is the post on one account. Its attempts live in the post's stream, so that "cancel" and "begin" can't
//! both win. What the machine promises, whatever scheduler, bus and workers do:
//!
//! - no attempt begins before its due time, and none while another's request may still have an effect;
//! - nothing is sent without a durable [`PostEvent::SendIntended`] of the target's newest attempt;
//! - after an uncertain answer there is a second send only where that can't make a second post: under the same key,
//!   or after an absence that was proved;
//! - from the first intent the content of a target is frozen;
//! - a late result is kept, never dropped;
//! - once it is deleted nothing more is intended, and what stands on a platform is removed only where that was asked for.
//!
//! [`Post::decide`] is pure: time, jitter, platform rules and delivery arrive as data. `Post::apply` only changes
//! state and can't fail.

mod apply;
mod attempt;
mod command;
mod content;
mod decide;
mod decide_doubt;
mod decide_removal;
mod decide_restored;
mod decide_target;
mod error;
mod event;
mod media_rules;
mod removal;
mod rules;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod when;

pub use attempt::*;
pub use command::*;
pub use content::*;
pub use error::*;
pub use event::*;
pub use media_rules::*;
pub use removal::*;
pub use rules::*;
pub use state::*;
pub use status::*;
pub use when::*;
