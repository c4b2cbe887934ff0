//! What operators do at the machine, over the folder's socket: the log as it is stored, sealed; keys and their peppers; people;
//! plans; the stop button; the read models.
//!
//! Who can open the socket can read the folder, so nobody is asked for a key here. The events of what they do name the
//! operator.

mod at_machine;
mod bundle;
mod checkpoint;
mod claims;
mod events;
pub mod keys;
mod pauses;
pub mod people;
pub mod peppers;
pub mod plans;
pub mod projections;
mod state;

pub use at_machine::AtMachine;
pub use bundle::bundle;
pub use checkpoint::checkpoint;
pub use claims::claims;
pub use events::events;
pub use pauses::{pause, resume};
pub use state::state;
