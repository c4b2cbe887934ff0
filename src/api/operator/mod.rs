//! The log as operators read it, over the folder's socket: whole, sealed as it is stored; and the stop button.

mod events;
mod pauses;
mod state;

pub use events::events;
pub use pauses::{pause, resume};
pub use state::state;
