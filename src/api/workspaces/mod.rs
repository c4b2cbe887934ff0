//! Workspaces: the stop button. Nothing is sent while one is paused, and nothing is lost.

mod pause;
mod replay;
mod resume;
mod stop;

pub use pause::pause;
pub use replay::replayed;
pub use resume::resume;
