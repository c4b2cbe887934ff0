//! The people of a workspace, and what they are there. An owner looks after them, or an operator at the machine.

mod by;
mod change;
mod documented;
pub mod list;
mod refusal;
mod remove;
mod render;
mod role;
pub mod shown;

pub(in crate::api) use by::By;
pub use change::change;
pub(in crate::api) use documented::Documented;
pub use list::list;
pub(in crate::api) use refusal::refused;
pub use remove::remove;
pub(in crate::api) use role::taken_away;
