//! `GET /metrics`

use std::fmt::Write;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::api::{Api, http::ApiError};

/// The figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, description = "Text.", body = String, content_type = "text/plain", example = json!("campanile_log_position 104277\n"))
))]
pub async fn metrics(State(api): State<Api>) -> Result<Response, ApiError> {
    let core = &api.0;
    let mut text = Figures(String::new());
    text.kind("campanile_build_info", "gauge", "Which build runs; always 1.");
    text.value(&format!("campanile_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0);
    text.gauge(
        "campanile_log_position",
        "The last event's place in the log.",
        core.journal.head().await?.position.0 as f64,
    );
    text.kind("campanile_projection_lag_events", "gauge", "How many events a read model has yet to take.");
    let projections = core.runner.status().await.map_err(ApiError::unavailable)?;
    for projection in &projections {
        let name = format!("campanile_projection_lag_events{{projection=\"{}\"}}", projection.name);
        text.value(&name, projection.lag as f64);
    }
    text.kind("campanile_projection_parked_streams", "gauge", "Streams whose next event can't be applied.");
    for projection in &projections {
        let name = format!("campanile_projection_parked_streams{{projection=\"{}\"}}", projection.name);
        text.value(&name, projection.parked as f64);
    }
    let oldest = core.publishing.oldest_unclaimed().await?;
    let about = "For how long the oldest target that is due has waited for a worker.";
    text.gauge("campanile_oldest_due_unclaimed_seconds", about, oldest.as_secs_f64());
    let depth = core.publishing.queue_depth() as f64;
    text.gauge("campanile_queue_jobs", "Jobs that wait for a worker.", depth);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text.0).into_response())
}

struct Figures(String);

impl Figures {
    fn kind(&mut self, name: &str, kind: &str, about: &str) {
        writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}").expect("a string takes every text");
    }

    fn value(&mut self, name: &str, value: f64) {
        writeln!(self.0, "{name} {value}").expect("a string takes every text");
    }

    fn gauge(&mut self, name: &str, about: &str, value: f64) {
        self.kind(name, "gauge", about);
        self.value(name, value);
    }
}
