//! The platforms of this process, by name.

use std::{collections::BTreeMap, sync::Arc};

use campanile_events::{clock::SharedClock, timing::Timing};

use super::{
    Platform,
    sandbox::{Sandbox, SandboxPlatform},
};
use crate::egress::Egress;

/// What platforms stand on.
#[derive(Debug, Clone)]
pub struct Dependencies {
    /// The way out.
    pub egress: Egress,
    /// The sandbox of this process.
    pub sandbox: Arc<Sandbox>,
    /// How long things may take.
    pub timing: Timing,
    /// For times that a platform states as an instant.
    pub clock: SharedClock,
}

/// Every platform there is. This list is the only registration.
pub fn all(dependencies: Dependencies) -> Result<Platforms, DuplicatePlatform> {
    let Dependencies { egress, sandbox, .. } = dependencies;
    Platforms::of(vec![Arc::new(SandboxPlatform::new(egress, sandbox))])
}

/// Two platforms under one name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two platforms are called `{name}`")]
pub struct DuplicatePlatform {
    /// The name.
    pub name: &'static str,
}

/// The platforms of this process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Platforms(Arc<BTreeMap<&'static str, Arc<dyn Platform>>>);

impl Platforms {
    /// These platforms and no others; for tests with platforms of their own.
    pub fn of(list: Vec<Arc<dyn Platform>>) -> Result<Self, DuplicatePlatform> {
        let mut named = BTreeMap::new();
        for platform in list {
            let name = platform.name();
            if named.insert(name, platform).is_some() {
                return Err(DuplicatePlatform { name });
            }
        }
        Ok(Self(Arc::new(named)))
    }

    /// The platform of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Platform>> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Platform>> {
        self.0.values()
    }
}
