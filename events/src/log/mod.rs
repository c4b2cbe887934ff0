//! What happened to the log itself: the events of streams of kind [`Log`](crate::journal::StreamKind::Log).
//!
//! There is no aggregate behind them: the journal's own head knows the epoch, and nothing is decided by folding these.

mod event;

pub use event::*;
