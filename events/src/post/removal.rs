//! How far a deleted post's removal from a target's platform has come.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Failure, Phase, Post, Step, Target};

/// The removal of a target from its platform, since somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When it was asked for, the last time: tries go on from there.
    pub asked_at: DateTime<Utc>,
    /// What it has come to.
    pub stage: RemovalStage,
    /// How many tries have failed since it was asked for.
    pub failures: u32,
    /// The last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The platform's names of what is known to be gone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub removed: BTreeSet<String>,
}

/// What a removal has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum RemovalStage {
    /// It is still to be done.
    Open {
        /// No sooner than this.
        next_at: DateTime<Utc>,
    },
    /// Nothing stands there any more.
    Removed,
    /// Something stands there still, or may.
    Failed,
}

impl Removal {
    /// One that was asked for now, `before` being what an earlier one came to.
    pub(super) fn asked(at: DateTime<Utc>, before: Option<&Self>) -> Self {
        let removed = before.map(|it| it.removed.clone()).unwrap_or_default();
        Self { asked_at: at, stage: RemovalStage::Open { next_at: at }, failures: 0, failure: None, removed }
    }
}

impl Target {
    /// What is known to stand on the platform, in the order in which it is removed: what follows goes before what it
    /// follows.
    pub fn standing(&self) -> Vec<&str> {
        let removed = |id: &str| self.removal.as_ref().is_some_and(|removal| removal.removed.contains(id));
        let mut all: Vec<(Step, &str)> =
            self.done.iter().filter_map(|(step, done)| Some((*step, done.remote_id.as_deref()?))).collect();
        all.extend(self.second_posts.iter().map(|(step, id)| (*step, id.as_str())));
        all.sort_by(|one, other| other.cmp(one));
        all.into_iter().map(|(_, id)| id).filter(|id| !removed(id)).collect()
    }

    /// When its removal may be tried; `None` where none is open, or an attempt's fate has to be settled before.
    pub fn removal_at(&self) -> Option<DateTime<Utc>> {
        if matches!(self.phase, Phase::Publishing | Phase::Settling(_)) {
            return None;
        }
        match self.removal.as_ref()?.stage {
            RemovalStage::Open { next_at } => Some(next_at),
            RemovalStage::Removed | RemovalStage::Failed => None,
        }
    }

    /// Something was seen on the platform: where a removal is over, it begins again.
    pub(super) fn seen(&mut self, at: DateTime<Utc>) {
        if let Some(removal) = &mut self.removal
            && !matches!(removal.stage, RemovalStage::Open { .. })
        {
            *removal = Removal::asked(at, Some(removal));
        }
    }

    /// What a try has removed.
    pub(super) fn gone(&mut self, removed: Vec<String>, stage: RemovalStage, failure: Option<Failure>) {
        if let Some(removal) = &mut self.removal {
            removal.removed.extend(removed);
            removal.stage = stage;
            removal.failures += u32::from(failure.is_some());
            removal.failure = failure;
        }
    }
}

impl Post {
    /// Why a target may show something that nobody can name, where it may.
    pub(super) fn unnamed(&self, target: &Target) -> Option<&'static str> {
        let is_named = |step: &Step| *step == Step::Comment || target.done.contains_key(step);
        if target.uncertain.is_some() || target.phase == Phase::Unknown {
            return Some("in_doubt");
        }
        let all_named = self.steps(target.account_id).iter().all(is_named);
        let nameless = target.done.values().any(|done| done.remote_id.is_none());
        (nameless || target.phase == Phase::Published && !all_named).then_some("not_named")
    }
}
