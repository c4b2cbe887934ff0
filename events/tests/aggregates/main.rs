//! What holds for an aggregate whatever is asked of it and whatever stands in its stream.
//!
//! - [`machine`]: any commands, any events; what must hold for every aggregate.
//! - [`account`], [`key`], [`post`]: what may be asked of each, and what must hold besides. What must hold for a post that is
//!   published stands in `events/tests/post_properties` and `events/tests/post_exhaustive`.

mod account;
mod key;
mod machine;
mod post;
