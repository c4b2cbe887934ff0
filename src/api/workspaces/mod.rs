//! Workspaces: who may enter which, making them, and the stop button. Nothing is sent while one is paused, and nothing is
//! lost.

mod create;
mod documented;
mod list;
mod pause;
mod plan;
mod replay;
mod resume;
pub mod shown;
mod stop;

pub use create::{create, made_before};
pub(in crate::api) use documented::Documented;
pub use list::list;
pub use pause::pause;
pub use replay::replayed;
pub use resume::resume;
