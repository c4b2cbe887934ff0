//! The list of them, under the names that are stored.

use super::{
    AttemptStarted, DuplicateObserved, LateResultObserved, PostCanceled, PostDeleted, PostDrafted, PostEdited,
    PostScheduled, PostUnscheduled, RemovalRequested, SendIntended, StepCompleted, TargetFailed, TargetLookedUp,
    TargetMissed, TargetPublished, TargetRemovalFailed, TargetRemoved, TargetRequeued, TargetResolved,
    TargetRetryScheduled, TargetUncertain, TargetUnknown,
};
use crate::{ids::AccountId, journal::Claim, stored_events};

stored_events! {
    /// What happened to a post or one of its targets.
    pub enum PostEvent {
        /// The post was written.
        Drafted(PostDrafted) = "post.drafted" @ 1,
        /// Its content, accounts or limits were changed.
        Edited(PostEdited) = "post.edited" @ 1,
        /// It got a due time.
        Scheduled(PostScheduled) = "post.scheduled" @ 1,
        /// It lost its due time.
        Unscheduled(PostUnscheduled) = "post.unscheduled" @ 1,
        /// Targets were called off.
        Canceled(PostCanceled) = "post.canceled" @ 1,
        /// It was deleted here.
        Deleted(PostDeleted) = "post.deleted" @ 1,
        /// A worker began an attempt.
        AttemptStarted(AttemptStarted) = "post.attempt_started" @ 1,
        /// A request is about to leave.
        SendIntended(SendIntended) = "post.send_intended" @ 1,
        /// A step is live.
        StepCompleted(StepCompleted) = "post.step_completed" @ 1,
        /// The target is live.
        TargetPublished(TargetPublished) = "post.target_published" @ 1,
        /// The attempt failed, another follows.
        TargetRetryScheduled(TargetRetryScheduled) = "post.target_retry_scheduled" @ 1,
        /// The target failed for good.
        TargetFailed(TargetFailed) = "post.target_failed" @ 1,
        /// The attempt may have had its effect; that is being settled.
        TargetUncertain(TargetUncertain) = "post.target_uncertain" @ 1,
        /// The platform was asked.
        TargetLookedUp(TargetLookedUp) = "post.target_looked_up" @ 1,
        /// It could not be settled: only a person can.
        TargetUnknown(TargetUnknown) = "post.target_unknown" @ 1,
        /// The engine was down past the late limit; the target was not sent.
        TargetMissed(TargetMissed) = "post.target_missed" @ 1,
        /// A person or the client settled an unknown target.
        TargetResolved(TargetResolved) = "post.target_resolved" @ 1,
        /// A failed, missed or unknown target is sent again on request.
        TargetRequeued(TargetRequeued) = "post.target_requeued" @ 1,
        /// A second post was seen on the platform.
        DuplicateObserved(DuplicateObserved) = "post.duplicate_observed" @ 1,
        /// An attempt's result came after it was given up.
        LateResultObserved(LateResultObserved) = "post.late_result_observed" @ 1,
        /// A deleted post is to go from the platforms, too.
        RemovalRequested(RemovalRequested) = "post.removal_requested" @ 1,
        /// Nothing of the target stands on its platform any more.
        TargetRemoved(TargetRemoved) = "post.target_removed" @ 1,
        /// Something of the target stands on its platform still, or may.
        TargetRemovalFailed(TargetRemovalFailed) = "post.target_removal_failed" @ 1,
    }
    claims = claims;
}

/// A step's remote name belongs to one target: two look-ups for equal texts can't both find the same post.
fn claims(event: &PostEvent) -> Vec<Claim> {
    match event {
        PostEvent::StepCompleted(done) if done.claimed => {
            vec![Claim::take(REMOTE_CLAIM, remote_claim(done.account_id, &done.remote_id))]
        }
        _ => Vec::new(),
    }
}

/// The kind of claim that a live step takes on its remote name.
pub const REMOTE_CLAIM: &str = "remote";

/// The claimed name of something live on an account.
pub fn remote_claim(account: AccountId, remote_id: &str) -> String {
    format!("{account}:{remote_id}")
}
