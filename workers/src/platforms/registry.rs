//! The platforms of this process, by name.

use std::{collections::BTreeMap, sync::Arc};

use campanile_events::{clock::SharedClock, timing::Timing};

use super::{Description, Platform, sandbox::Sandbox};
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

/// What the list of platforms needs of one, beside what it does.
pub trait Adapter: Platform + Sized + 'static {
    /// What it takes.
    fn description() -> Description;

    /// The platform on what it stands on.
    fn on(dependencies: &Dependencies) -> Self;
}

/// A platform before it is made.
struct Entry {
    description: fn() -> Description,
    on: fn(&Dependencies) -> Arc<dyn Platform>,
}

impl Entry {
    const fn of<A: Adapter>() -> Self {
        Self { description: A::description, on: |dependencies| Arc::new(A::on(dependencies)) }
    }
}

/// Every platform there is. This list is the only registration.
const ALL: &[Entry] = &[
    Entry::of::<super::bluesky::Bluesky>(),
    Entry::of::<super::mastodon::Mastodon>(),
    Entry::of::<super::sandbox::SandboxPlatform>(),
];

/// Every platform there is.
pub fn all(dependencies: &Dependencies) -> Result<Platforms, DuplicatePlatform> {
    Platforms::of(ALL.iter().map(|entry| (entry.on)(dependencies)).collect())
}

/// What each of them takes: known without anything to stand on.
pub fn descriptions() -> Vec<Description> {
    ALL.iter().map(|entry| (entry.description)()).collect()
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
    use crate::platforms::REDIRECT_URI;

    #[test]
    fn every_platform_stands_under_its_own_name() {
        let (clock, timing) = (SystemClock::shared(), Timing::default());
        let egress = Egress::new(EgressPolicy::default(), EgressLimits::from(&timing));
        let sandbox = Sandbox::new(clock.clone());
        let platforms = all(&Dependencies { egress, sandbox, timing, clock }).unwrap();
        let names: Vec<_> = platforms.iter().map(|platform| platform.describe().name).collect();
        assert_eq!(names, ["bluesky", "mastodon", "sandbox"]);
        assert_eq!(descriptions(), platforms.iter().map(|platform| platform.describe()).collect::<Vec<_>>());
        for name in names {
            let platform = platforms.get(name).unwrap();
            assert_eq!(platform.name(), name);
            let fields = platform.describe().sign_in.map(|it| it.fields.contains(&REDIRECT_URI));
            assert_eq!(fields, platform.sign_in().map(|_| true), "{name}: what it says and what it does");
        }
        assert!(platforms.get("nowhere").is_none());
        let twice = platforms.iter().chain(platforms.iter().take(1)).cloned().collect();
        assert_eq!(Platforms::of(twice).unwrap_err(), DuplicatePlatform { name: "bluesky" });
    }
}
