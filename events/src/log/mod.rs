//! What happened to the log itself: the events of streams of kind [`Log`](crate::journal::StreamKind::Log).
//!
//! There is no aggregate behind them: the journal's head follows them, and refuses an epoch that isn't the next. A log has
//! one such stream, [`STREAM`].

mod event;

pub use event::*;
