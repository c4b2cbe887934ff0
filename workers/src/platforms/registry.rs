//! The platforms of this process, by name.

use std::{collections::BTreeMap, sync::Arc};

use campanile_events::{clock::SharedClock, timing::Timing};

use super::{
    Platform,
    bluesky::Bluesky,
    mastodon::Mastodon,
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
    let Dependencies { egress, sandbox, clock, .. } = dependencies;
    Platforms::of(vec![
        Arc::new(SandboxPlatform::new(egress.clone(), sandbox)),
        Arc::new(Mastodon::new(egress.clone(), clock.clone())),
        Arc::new(Bluesky::new(egress, clock)),
    ])
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

#[cfg(test)]
mod tests {
    use campanile_events::clock::SystemClock;

    use super::*;
    use crate::egress::{EgressLimits, EgressPolicy};

    #[test]
    fn every_platform_stands_under_its_own_name() {
        let (clock, timing) = (SystemClock::shared(), Timing::default());
        let egress = Egress::new(EgressPolicy::default(), EgressLimits::from(&timing));
        let sandbox = Sandbox::new(clock.clone());
        let platforms = all(Dependencies { egress, sandbox, timing, clock }).unwrap();
        let names: Vec<_> = platforms.iter().map(|platform| platform.describe().name).collect();
        assert_eq!(names, ["bluesky", "mastodon", "sandbox"]);
        for name in names {
            assert_eq!(platforms.get(name).unwrap().name(), name);
        }
        assert!(platforms.get("nowhere").is_none());
        let twice = platforms.iter().chain(platforms.iter().take(1)).cloned().collect();
        assert_eq!(Platforms::of(twice).unwrap_err(), DuplicatePlatform { name: "bluesky" });
    }
}
