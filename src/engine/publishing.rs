//! The platforms that this process publishes to: the one place that knows what they stand on.

use std::path::Path;

use campanile_events::{clock::SharedClock, timing::Timing};
use campanile_workers::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{self, Dependencies, Platforms, sandbox::Sandbox},
};
use ipnet::IpNet;

use super::OpenError;

const SANDBOX: &str = "sandbox.jsonl";

/// Every platform. The sandbox that lives in this process keeps what it was sent in the folder.
pub(super) fn platforms(
    folder: &Path,
    clock: SharedClock,
    timing: Timing,
    allow: Vec<IpNet>,
) -> Result<Platforms, OpenError> {
    let failed = |error: &dyn std::fmt::Display| OpenError::Platforms(error.to_string());
    let egress = Egress::new(EgressPolicy { allow }, EgressLimits::from(&timing));
    let sandbox = Sandbox::open(clock.clone(), &folder.join(SANDBOX)).map_err(|error| failed(&error))?;
    platforms::all(&Dependencies { egress, sandbox, timing, clock }).map_err(|error| failed(&error))
}
