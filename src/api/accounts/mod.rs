//! Accounts on platforms: shown, disconnected. They are made under [`crate::api::connect`].

mod disconnect;
mod documented;
mod get;
mod list;
mod render;
mod replay;
pub mod shown;

pub use disconnect::disconnect;
pub(in crate::api) use documented::Documented;
pub use get::get;
pub use list::list;
pub(super) use render::account as rendered;
pub(super) use replay::replayed;
