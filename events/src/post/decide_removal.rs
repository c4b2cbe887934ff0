//! How a post is deleted: here, and on its platforms where that was asked for.
//!
//! Removing is safe to repeat, so nothing is intended before it. What must hold is the order: a target is removed once
//! nothing more can be sent for it, and it counts as removed once everything is that is known to stand there.

use chrono::{DateTime, Duration, Utc};

use super::decide_target::{Case, Decision, whole};
use super::{
    Failure, FailureClass, Phase, Post, PostAction, PostCanceled, PostDeleted, PostError, PostEvent, PostServices,
    RemovalRequested, RemovalStage, Target, TargetRemovalFailed, TargetRemoved, backoff,
};
use crate::ids::AccountId;

/// How long after it was asked for a removal is tried.
const GIVE_UP: Duration = Duration::hours(24);
/// The longest pause between two tries, where the timing allows no longer one: nobody waits for a certain second.
const MOST_PAUSE: Duration = Duration::hours(1);

impl Post {
    pub(super) fn delete(&self, now: DateTime<Utc>, on_platforms: bool, services: &PostServices) -> Decision {
        if !on_platforms && self.targets.iter().any(Target::is_under_way) {
            return Err(self.forbids("deleted"));
        }
        let waiting: Vec<_> =
            self.targets.iter().filter(|target| target.can_cancel()).map(|target| target.account_id).collect();
        let mut events = Vec::new();
        if !waiting.is_empty() {
            events.push(PostEvent::Canceled(PostCanceled { account_ids: waiting, at: now }));
        }
        // What has begun and waits to go on never will.
        let begun =
            |target: &&Target| target.is_frozen() && matches!(target.phase, Phase::Scheduled | Phase::Retrying { .. });
        for target in self.targets.iter().filter(begun) {
            let case = Case { post: self, target, now, jitter: 0.5, timing: &services.timing };
            let number = target.newest().map_or(0, |attempt| attempt.number);
            events.push(case.end_without_success(number, deleted(), true));
        }
        events.push(PostEvent::Deleted(PostDeleted { at: now }));
        let account_ids = self.removable();
        if on_platforms && !account_ids.is_empty() {
            events.push(PostEvent::RemovalRequested(RemovalRequested { account_ids, at: now }));
        }
        Ok(events)
    }

    /// A removal that is asked for once the post is deleted: for the first time, or because the last one failed.
    pub(super) fn ask_removal(&self, now: DateTime<Utc>) -> Decision {
        let account_ids = self.removable();
        if account_ids.is_empty() {
            return Err(PostError::Deleted);
        }
        Ok(vec![PostEvent::RemovalRequested(RemovalRequested { account_ids, at: now })])
    }

    /// The targets that show something, or may, and whose removal is not under way or done.
    fn removable(&self) -> Vec<AccountId> {
        let shows = |target: &&Target| target.is_frozen() || !target.second_posts.is_empty();
        let may_ask = |target: &&Target| {
            target.removal.as_ref().is_none_or(|removal| match removal.stage {
                RemovalStage::Open { .. } => removal.failures > 0,
                RemovalStage::Removed => false,
                RemovalStage::Failed => true,
            })
        };
        self.targets.iter().filter(shows).filter(may_ask).map(|target| target.account_id).collect()
    }

    pub(super) fn decide_removal(
        &self,
        now: DateTime<Utc>,
        jitter: f64,
        action: PostAction,
        services: &PostServices,
    ) -> Decision {
        let case = |account: AccountId| {
            let target = self.target(account).ok_or(PostError::UnknownTarget(account))?;
            let next_at = target.removal_at().ok_or(PostError::Fenced)?;
            if now < next_at {
                return Err(PostError::TooEarly);
            }
            Ok(Case { post: self, target, now, jitter, timing: &services.timing })
        };
        match action {
            PostAction::CompleteRemoval { account_id, removed } => case(account_id)?.removed(removed),
            PostAction::FailRemoval { account_id, removed, failure } => {
                Ok(vec![case(account_id)?.removal_failed(removed, failure)])
            }
            _ => Err(PostError::Fenced),
        }
    }
}

/// Why what was begun is not brought to its end.
pub(super) fn deleted() -> Failure {
    Failure::of(FailureClass::NotSent, "deleted")
}

impl Case<'_> {
    fn removed(&self, removed: Vec<String>) -> Decision {
        let (account_id, at) = (self.target.account_id, self.now);
        // A late answer may have told of more meanwhile.
        if self.target.standing().iter().any(|id| removed.iter().all(|it| it != id)) {
            return Err(PostError::Fenced);
        }
        if let Some(code) = self.post.unnamed(self.target) {
            let failure = Failure::of(FailureClass::Uncertain, code);
            let failed = TargetRemovalFailed { account_id, removed, failure, retry_at: None, at };
            return Ok(vec![PostEvent::TargetRemovalFailed(failed)]);
        }
        Ok(vec![PostEvent::TargetRemoved(TargetRemoved { account_id, removed, at })])
    }

    fn removal_failed(&self, removed: Vec<String>, failure: Failure) -> PostEvent {
        let over = matches!(failure.class, FailureClass::Rejected | FailureClass::OutdatedAdapter);
        let next = self.next_removal(failure.retry_after);
        let asked_at = self.target.removal.as_ref().map_or(self.now, |removal| removal.asked_at);
        let retry_at = (!over && next <= asked_at + GIVE_UP).then_some(next);
        let (account_id, at) = (self.target.account_id, self.now);
        PostEvent::TargetRemovalFailed(TargetRemovalFailed { account_id, removed, failure, retry_at, at })
    }

    /// The pause doubles; what the platform asked for is obeyed.
    fn next_removal(&self, retry_after: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let failures = self.target.removal.as_ref().map_or(0, |removal| removal.failures) + 1;
        let most = whole(self.timing.retry_most).max(MOST_PAUSE);
        let own = self.now + backoff(whole(self.timing.retry_first), most, failures, self.jitter);
        retry_after.map_or(own, |asked| own.max(asked))
    }
}
