//! What a workspace is allowed, as of one request.

use campanile_events::journal::Counted;

use super::{Feature, Plan};

/// What is counted by the calendar month (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    /// Posts that are written, other than with test keys.
    Posts,
    /// Bytes that uploads are announced with.
    MediaBytes,
}

impl Quota {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Posts, Self::MediaBytes];

    /// The word that operators write, clients read, and events are stored with: for ever.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Posts => "posts_per_month",
            Self::MediaBytes => "media_bytes_per_month",
        }
    }

    /// The quota of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.as_str() == name)
    }
}

/// What a workspace is allowed: everything, or what its plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance(pub(super) Option<(String, Plan)>);

impl Allowance {
    /// The plan with its name, if it has one.
    pub fn plan(&self) -> Option<(&str, &Plan)> {
        self.0.as_ref().map(|(name, plan)| (name.as_str(), plan))
    }

    /// The plan that lacks this, by its name.
    pub fn lacking(&self, feature: Feature) -> Option<&str> {
        self.plan().filter(|(_, plan)| plan.lacks.contains(&feature)).map(|(name, _)| name)
    }

    /// What an event has to count that takes so much of a quota; `None` where nothing limits it.
    pub fn counting(&self, quota: Quota, amount: u64) -> Option<Box<Counted>> {
        let (plan, most) = self.plan().and_then(|(name, plan)| Some((name, *plan.quotas.get(&quota)?)))?;
        Some(Box::new(Counted { plan: plan.to_owned(), quota: quota.as_str().to_owned(), amount, most }))
    }
}
