//! Workspaces: the stop button. Nothing is sent while one is paused, and nothing is lost.

mod documented;
mod pause;
mod replay;
mod resume;
pub mod shown;
mod stop;

pub(in crate::api) use documented::Documented;
pub use pause::pause;
pub use replay::replayed;
pub use resume::resume;
