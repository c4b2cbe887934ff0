//! What `/metrics` shows: counted where it happens, read from its owner where it can be.
//!
//! Every figure is documented in `OPERATIONS.md`; a test compares the two. It promises to hold nothing personal: labels are
//! names of routes, platforms, classes, read models and plans, and ids of workspaces that have a plan.

mod gauges;
mod http;
mod labels;
mod registered;

pub use http::measure;
pub use registered::Metrics;
