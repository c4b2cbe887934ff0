//! Starting publishing, and the platforms that it publishes to: the one place that knows how.

use std::path::Path;

use campanile_events::{clock::SharedClock, timing::Timing};
use campanile_workers::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{Dependencies, Platforms, all, sandbox::Sandbox},
};
use ipnet::IpNet;

use super::OpenError;

const SANDBOX: &str = "sandbox.jsonl";

/// The platforms of this process. The sandbox that lives in it keeps what it was sent in the folder.
pub(super) fn platforms(
    folder: &Path,
    clock: SharedClock,
    timing: &Timing,
    allow: Vec<IpNet>,
) -> Result<Platforms, OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Platforms(error.to_string());
    let egress = Egress::new(EgressPolicy { allow }, EgressLimits::from(timing));
    let sandbox = Sandbox::open(clock.clone(), &folder.join(SANDBOX)).map_err(|error| failed(&error))?;
    all(Dependencies { egress, sandbox, timing: *timing, clock }).map_err(|error| failed(&error))
}
