//! What happened to a post. Stored names and shapes are for ever.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Content, Delivery, Evidence, Failure, Intent, LookUp, Step, When};
use crate::{
    ids::{AccountId, WorkerId},
    journal::Claim,
    seal::Sealed,
    stored_events,
};

/// An account that a post goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    /// The account.
    pub account_id: AccountId,
    /// Its platform.
    pub platform: String,
}

/// A label of the client's own: sealed, with a keyed digest to find posts by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The label.
    pub text: Sealed,
    /// The same for equal labels of one workspace.
    pub index: String,
}

/// How long after its due time a target may still be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A target not begun this many seconds after its due time is missed.
    pub late_limit_seconds: u32,
    /// Tries go on until this many seconds after the due time.
    pub give_up_after_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { late_limit_seconds: 3600, give_up_after_seconds: 3600 }
    }
}

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

/// See [`PostEvent::Drafted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostDrafted {
    /// What it says.
    pub content: Content<Sealed>,
    /// For each account a keyed digest of what it gets.
    pub digests: BTreeMap<AccountId, String>,
    /// Where it goes.
    pub targets: Vec<TargetRef>,
    /// The client's labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// How late it may be.
    pub limits: Limits,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::Edited`]. What is absent did not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostEdited {
    /// The revision that it made.
    pub revision: u32,
    /// What it says now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content<Sealed>>,
    /// For each account a keyed digest of what it gets now.
    pub digests: BTreeMap<AccountId, String>,
    /// Where it goes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<TargetRef>>,
    /// The client's labels now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// How late it may be now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::Scheduled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostScheduled {
    /// The revision that it made.
    pub revision: u32,
    /// When it is due.
    pub when: When,
    /// The targets that it concerns.
    pub account_ids: Vec<AccountId>,
    /// When this was decided.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::Unscheduled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostUnscheduled {
    /// The revision that it made.
    pub revision: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::Canceled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCanceled {
    /// The targets that were called off.
    pub account_ids: Vec<AccountId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::Deleted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostDeleted {
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::AttemptStarted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// The target's account.
    pub account_id: AccountId,
    /// The target's attempts count from 1.
    pub number: u32,
    /// Whose attempt it is.
    pub worker: WorkerId,
    /// What the account's server offers.
    pub delivery: Delivery,
    /// The newest thing that the account showed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The content's revision that is sent.
    pub revision: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::SendIntended`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendIntended {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt.
    pub number: u32,
    /// What is about to be sent.
    #[serde(flatten)]
    pub intent: Intent,
}

/// See [`PostEvent::StepCompleted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCompleted {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt that intended it.
    pub number: u32,
    /// The step.
    pub step: Step,
    /// The platform's name of it.
    pub remote_id: String,
    /// Where people see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Sealed>,
    /// How it is known.
    pub evidence: Evidence,
    /// Whether the remote name was free and is now this target's.
    pub claimed: bool,
    /// When it became known.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetPublished`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetPublished {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt that did it.
    pub number: u32,
    /// Where people see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Sealed>,
    /// What went wrong beside it: the first comment failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Failure>,
    /// How it is known.
    pub evidence: Evidence,
    /// When it became known.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetRetryScheduled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRetryScheduled {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt that ended; 0 when none did.
    pub number: u32,
    /// Why; absent when a found step is followed by the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Whether what was uncertain is now settled as not live.
    #[serde(default)]
    pub absence_proved: bool,
    /// The next attempt begins no sooner.
    pub retry_at: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetFailed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFailed {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt that ended; 0 when none did.
    pub number: u32,
    /// Why.
    pub failure: Failure,
    /// Whether it might have worked later, but the time for it was over.
    pub gave_up: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetUncertain`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetUncertain {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt.
    pub number: u32,
    /// The step that may be live.
    pub step: Step,
    /// What was seen.
    pub failure: Failure,
    /// When it is worth asking or repeating.
    pub next_at: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetLookedUp`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetLookedUp {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt.
    pub number: u32,
    /// The step that was looked for.
    pub step: Step,
    /// What was found.
    #[serde(flatten)]
    pub look_up: LookUp,
    /// How many absences in a row now count towards a proof.
    pub absences: u8,
    /// When to ask again, if that is of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
    /// When the platform was asked.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetUnknown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetUnknown {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt.
    pub number: u32,
    /// What was seen.
    pub failure: Failure,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetMissed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetMissed {
    /// The target's account.
    pub account_id: AccountId,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// How a person or the client settled an unknown target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Resolution {
    /// It is live.
    Published {
        /// Where people see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<Sealed>,
    },
    /// It is not live.
    NotPublished {
        /// What then.
        then: Then,
    },
}

/// What to do with a target that turned out not to be live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Send it again.
    Resend,
    /// Leave it.
    GiveUp,
}

/// See [`PostEvent::TargetResolved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetResolved {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt that was unknown.
    pub number: u32,
    /// What was said of it.
    #[serde(flatten)]
    pub resolution: Resolution,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::TargetRequeued`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRequeued {
    /// The target's account.
    pub account_id: AccountId,
    /// From when the limits count anew.
    pub due: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::DuplicateObserved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateObserved {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt whose result it is.
    pub number: u32,
    /// The step that is live twice.
    pub step: Step,
    /// The platform's name of the second.
    pub remote_id: String,
    /// Where people see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Sealed>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`PostEvent::LateResultObserved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateResultObserved {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt whose result it is.
    pub number: u32,
    /// What it said.
    pub failure: Failure,
    /// When.
    pub at: DateTime<Utc>,
}
