//! Invitations of people into a workspace, by a link that is good for once.

mod accept;
mod documented;
mod list;
pub mod make;
mod refusal;
mod render;
mod replay;
pub mod shown;
mod withdraw;

pub use accept::accept;
pub(in crate::api) use documented::Documented;
pub use list::list;
pub use make::make;
pub use replay::replayed;
pub use withdraw::withdraw;
