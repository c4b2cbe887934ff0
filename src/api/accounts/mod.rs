//! Accounts on platforms: shown, disconnected. They are made under [`crate::api::connect`].

mod disconnect;
mod get;
mod list;
mod render;
mod replay;

pub use disconnect::disconnect;
pub use get::get;
pub use list::list;
pub(super) use render::account as rendered;
pub(super) use replay::replayed;
