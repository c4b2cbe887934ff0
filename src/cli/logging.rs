//! Where the program's own log goes: standard error, as lines for people or as JSON; and its spans to a collector, if there
//! is one.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::Telemetry;
use crate::configuration::LogFormat;

/// Starts the log. `RUST_LOG` says what is in it; `default` unless it is set.
pub(super) fn start(format: LogFormat, default: &str) {
    start_with(format, default, None);
}

/// The same, with the spans going to a collector, too.
pub(super) fn start_with(format: LogFormat, default: &str, telemetry: Option<&Telemetry>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log = match format {
        LogFormat::Pretty => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    let traces = telemetry.map(|it| {
        // The engine's own spans: those of the sending itself would have no end.
        let own = tracing_subscriber::filter::Targets::new()
            .with_target("campanile", tracing::Level::INFO)
            .with_target("campanile_workers", tracing::Level::INFO);
        tracing_opentelemetry::layer().with_tracer(it.tracer()).with_filter(own)
    });
    let started = tracing_subscriber::registry().with(log.with_filter(filter)).with(traces).try_init();
    // Somebody has started one already: that one holds.
    drop(started);
}
