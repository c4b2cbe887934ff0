//! Connecting accounts on platforms' own pages: what was begun and waits for its code, and what servers know this engine by.
//! Both stand beside the journal, sealed; neither is a fact of history.
//!
//! It promises: a state is taken once, within ten minutes, by the key that began it and for the same platform; to anybody
//! else it doesn't exist. The table tells no state, and a row that was changed or moved opens nothing. What was begun is
//! finished as the app that it was begun as, whatever is kept of apps by then.
//!
//! It doesn't connect accounts: it gives what a platform's [`crate::platforms::Platform::connect`] gives.

mod apps;
mod flow;
mod states;
#[cfg(test)]
mod tests;

pub use flow::{Invitation, SignInError, SignIns};
pub use states::Beginner;
