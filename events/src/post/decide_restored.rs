//! What a post answers when its log was restored from a copy: whatever may have been sent since the copy was made is not
//! sent again until a person has said what became of it.

use chrono::{DateTime, Utc};

use super::{Failure, FailureClass, Phase, Post, PostEvent, Target, TargetUnknown};

/// The code of that doubt.
pub(super) const RESTORED: &str = "restored";

impl Post {
    /// Each target that may have been sent in what was lost becomes unknown: what was due by now, and what was begun in any
    /// way, since edits, retries and look-ups of its later life are lost as well. With `scheduled_too` also what is due
    /// later, which somebody may have published early.
    pub(super) fn hold(&self, now: DateTime<Utc>, scheduled_too: bool) -> Vec<PostEvent> {
        let may_be_live = |target: &&Target| match &target.phase {
            Phase::Scheduled => scheduled_too || target.due.is_none_or(|due| due <= now),
            Phase::Publishing | Phase::Retrying { .. } | Phase::Settling(_) => true,
            Phase::Pending | Phase::Published | Phase::Failed | Phase::Missed | Phase::Unknown | Phase::Canceled => {
                false
            }
        };
        let unknown = |target: &Target| {
            PostEvent::TargetUnknown(TargetUnknown {
                account_id: target.account_id,
                number: target.newest().map_or(0, |attempt| attempt.number),
                failure: Failure::of(FailureClass::Uncertain, RESTORED),
                at: now,
            })
        };
        self.targets.iter().filter(may_be_live).map(unknown).collect()
    }
}
