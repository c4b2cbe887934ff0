//! Traces, sent to a collector over OTLP/HTTP where one is configured.

use campanile_events::random;
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracerProvider, Tracer},
};
use url::Url;

use super::Failure;

const SERVICE: &str = "campanile";
/// Where a collector takes traces, under its endpoint.
const TRACES: &str = "v1/traces";

/// Sends traces as long as it lives; what is left goes out when it is dropped. Made and dropped outside of a runtime: the
/// sending waits, on a thread of its own.
#[derive(Debug)]
pub(super) struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// Begins to send to the collector at `endpoint`.
    ///
    /// # Errors
    /// If the endpoint can't be used. Whether anybody answers there shows only later, in the log.
    pub(super) fn start(endpoint: &Url) -> Result<Self, Failure> {
        let mut traces = endpoint.clone();
        traces.set_path(&format!("{}/{TRACES}", endpoint.path().trim_end_matches('/')));
        let exporter = SpanExporter::builder().with_http().with_endpoint(traces).build();
        let failed = |error| Failure::Failed(format!("traces can't be sent to {endpoint}: {error}"));
        let instance = hex::encode(random::bytes::<16>());
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", instance))
            .build();
        let sending = SdkTracerProvider::builder().with_batch_exporter(exporter.map_err(failed)?);
        Ok(Self(sending.with_resource(resource).build()))
    }

    /// What spans are handed to.
    pub(super) fn tracer(&self) -> Tracer {
        self.0.tracer(SERVICE)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
