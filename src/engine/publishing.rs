//! Starting publishing, and the platforms that it publishes to: the one place that knows how.

use std::{path::Path, sync::Arc};

use campanile_events::{clock::SharedClock, timing::Timing};
use campanile_workers::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{
        Platforms,
        sandbox::{Sandbox, SandboxPlatform},
    },
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
    let sandbox = Sandbox::open(clock, &folder.join(SANDBOX)).map_err(|error| failed(&error))?;
    let list: Vec<Arc<dyn campanile_workers::platforms::Platform>> =
        vec![Arc::new(SandboxPlatform::new(egress, sandbox))];
    Platforms::of(list).map_err(|error| failed(&error))
}
