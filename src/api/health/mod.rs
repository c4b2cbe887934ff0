//! Whether the process lives, whether it is ready, and its figures.

mod documented;
mod healthz;
mod metrics;
mod parts;
mod readyz;

pub(in crate::api) use documented::Documented;
pub use healthz::healthz;
pub use metrics::metrics;
pub use readyz::readyz;
