//! Whether the process lives, whether it is ready, and its figures.

mod healthz;
mod metrics;
mod parts;
mod readyz;

pub use healthz::healthz;
pub use metrics::metrics;
pub use readyz::readyz;
