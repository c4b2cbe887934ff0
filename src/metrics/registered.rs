//! Every figure, registered once.

use std::{sync::Arc, time::Duration};

use campanile_events::journal::AppendObserver;
use campanile_workers::observed::Observer;
use prometheus_client::{
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use super::{
    gauges::Gauges,
    labels::{Answered, Ended, Login, OfCode, OnPlatform, OnRoute},
};

/// From half a millisecond to two minutes.
const LATENESS: [f64; 15] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 120.0];
/// From a quarter of a millisecond to four seconds.
const LATENCY: [f64; 11] = [0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 4.0];

/// How an attempt to sign in ends.
const OUTCOMES: [&str; 4] = ["signed_in", "refused", "slowed", "unavailable"];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The figures of one engine. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics(pub(super) Arc<Registered>);

#[derive(Debug)]
pub(super) struct Registered {
    registry: Registry,
    lateness: Histograms<OnPlatform>,
    attempts: Family<Ended, Counter>,
    append_events: Histogram,
    append_seconds: Histogram,
    requests: Family<Answered, Counter>,
    logins: Family<Login, Counter>,
    refused_writes: Family<OfCode, Counter>,
    request_seconds: Histograms<OnRoute>,
    pub(super) gauges: Gauges,
}

fn lateness() -> Histogram {
    Histogram::new(LATENESS)
}

fn latency() -> Histogram {
    Histogram::new(LATENCY)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("campanile");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which build runs", build);
        let lateness: Histograms<OnPlatform> = Family::new_with_constructor(lateness);
        let about = "From a target's due time to the moment at which its request may leave";
        registry.register_with_unit("publish_lateness", about, Unit::Seconds, lateness.clone());
        let attempts = Family::default();
        registry.register("attempts", "Attempts that ended, by platform and how", attempts.clone());
        let append_events = Histogram::new(exponential_buckets(1.0, 2.0, 12));
        registry.register("append_batch_events", "Events that one commit of the log took", append_events.clone());
        let append_seconds = latency();
        let about = "From a command's events being given to the log until they are durable";
        registry.register_with_unit("append_duration", about, Unit::Seconds, append_seconds.clone());
        let requests = Family::default();
        registry.register("http_requests", "Requests answered, by route and status", requests.clone());
        let logins: Family<Login, Counter> = Family::default();
        // From the start, so that the first guess is seen to be one more.
        for outcome in OUTCOMES {
            logins.get_or_create(&Login { outcome }).inc_by(0);
        }
        registry.register("logins", "Attempts to sign in, by how they ended", logins.clone());
        let refused_writes: Family<OfCode, Counter> = Family::default();
        refused_writes.get_or_create(&OfCode { code: "forbidden_scope" }).inc_by(0);
        registry.register(
            "refused_writes",
            "Writes that were refused, by the code of their error",
            refused_writes.clone(),
        );
        let request_seconds: Histograms<OnRoute> = Family::new_with_constructor(latency);
        let about = "From a request's head to its answer's, by route";
        registry.register_with_unit("http_request_duration", about, Unit::Seconds, request_seconds.clone());
        let gauges = Gauges::register(&mut registry);
        Self(Arc::new(Registered {
            registry,
            lateness,
            attempts,
            append_events,
            append_seconds,
            requests,
            logins,
            refused_writes,
            request_seconds,
            gauges,
        }))
    }
}

impl Metrics {
    /// All of them, in the `OpenMetrics` text form, which Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry).expect("a string takes every text");
        text
    }

    /// A write was refused with this code.
    pub fn refused_write(&self, code: &'static str) {
        self.0.refused_writes.get_or_create(&OfCode { code }).inc();
    }

    /// An attempt to sign in ended so.
    pub fn login(&self, outcome: &'static str) {
        self.0.logins.get_or_create(&Login { outcome }).inc();
    }

    pub(super) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let on_route = OnRoute { method, route: route.to_owned() };
        self.0.request_seconds.get_or_create(&on_route).observe(took.as_secs_f64());
        self.0.requests.get_or_create(&Answered { method, route: on_route.route, status }).inc();
    }
}

impl Observer for Metrics {
    fn send_intended(&self, platform: &str, late: Duration) {
        self.0.lateness.get_or_create(&OnPlatform { platform: platform.to_owned() }).observe(late.as_secs_f64());
    }

    fn attempt_ended(&self, platform: &str, class: &'static str) {
        self.0.attempts.get_or_create(&Ended { platform: platform.to_owned(), class }).inc();
    }
}

impl AppendObserver for Metrics {
    fn committed(&self, events: u64) {
        self.0.append_events.observe(events as f64);
    }

    fn appended(&self, took: Duration) {
        self.0.append_seconds.observe(took.as_secs_f64());
    }
}
