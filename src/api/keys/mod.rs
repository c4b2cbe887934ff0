//! API keys: made, shown, changed, rotated, revoked; by who holds one with the rights for it, by an operator at the
//! machine, and, to be rid of a leaked one, by whoever holds its secret.

mod by;
pub(in crate::api) mod create;
mod documented;
pub(in crate::api) mod edit;
pub(in crate::api) mod get;
pub(in crate::api) mod history;
pub(in crate::api) mod input;
pub(in crate::api) mod list;
mod refusal;
mod render;
mod replay;
pub(in crate::api) mod revoke;
mod revoke_by_secret;
pub(in crate::api) mod rotate;
pub mod shown;

pub(in crate::api) use by::By;
pub use create::create;
pub(in crate::api) use documented::Documented;
pub use edit::edit;
pub use get::get;
pub use history::history;
pub use list::list;
pub(super) use replay::replayed;
pub use revoke::revoke;
pub use revoke_by_secret::revoke_by_secret;
pub use rotate::rotate;
