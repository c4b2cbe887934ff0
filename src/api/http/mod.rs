//! What every endpoint has in common: how requests are read, refused and answered.

mod answer;
mod body;
mod command;
mod cors;
mod declared;
mod envelope;
mod error;
mod etag;
mod guard;
mod idempotency;
mod in_progress;
mod parameters;
mod path;
mod rate_limit;
mod request_id;
mod route;
mod time;
mod tree;

pub use answer::Answer;
pub use body::{Body, Nothing, OptionalBody, check_encoding};
pub use command::{Asker, refused_anyway};
pub use cors::cors;
pub use envelope::{envelope, to_the_end, unreadable};
pub use error::{ApiError, Code, Detail};
pub use etag::{IfMatch, etag};
pub use guard::{Gate, guard};
pub(in crate::api) use idempotency::mismatch;
pub use in_progress::InProgress;
pub use parameters::Parameters;
pub use path::Named;
pub use request_id::RequestIds;
pub(in crate::api) use route::named;
pub use route::{Name, Needs, Route, delete, get, patch, post, put};
pub use time::{At, instant, optional_instant, without_leap};
