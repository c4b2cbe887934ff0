//! The log as operators read it, over the folder's socket: whole, sealed as it is stored.

mod events;
mod state;

pub use events::events;
pub use state::state;
