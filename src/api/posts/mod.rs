//! Posts: written, changed, scheduled, published, settled.
//!
//! - `input`, `when`: what a client writes, checked for form; `seal` makes it what the log stores.
//! - `render`: a post as clients see it, from the aggregate's state.
//! - [`Duplicates`]: the same content on the same account within a day.
//!
//! Whether a command may be carried out is decided by `campanile_events::post` alone.

mod cancel;
mod create;
mod delete;
mod documented;
mod duplicates;
mod edit;
mod get;
pub(in crate::api) mod history;
mod input;
mod list;
mod perform;
mod publish;
mod refusal;
mod render;
mod replay;
mod resolve;
mod results;
mod retry;
mod schedule;
mod seal;
pub mod shown;
mod targets;
mod turns;
mod unschedule;
mod validate;
mod when;

pub use cancel::cancel;
pub use create::create;
pub use delete::delete;
pub(in crate::api) use documented::Documented;
pub use duplicates::Duplicates;
pub use edit::edit;
pub use get::get;
pub use history::history;
pub use list::list;
pub use publish::publish;
pub(super) use replay::replayed;
pub use resolve::resolve;
pub use results::results;
pub use retry::retry;
pub use schedule::schedule;
pub use unschedule::unschedule;
pub use validate::validate;
