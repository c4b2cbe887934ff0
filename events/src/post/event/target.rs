//! What happened to one of a post's targets on its way out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, WorkerId},
    post::{Delivery, Evidence, Failure, Intent, LookUp, Step},
    seal::Sealed,
};

/// See [`super::PostEvent::AttemptStarted`].
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

/// See [`super::PostEvent::SendIntended`].
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

/// See [`super::PostEvent::StepCompleted`].
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

/// See [`super::PostEvent::TargetPublished`].
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

/// See [`super::PostEvent::TargetRetryScheduled`].
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

/// See [`super::PostEvent::TargetFailed`].
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

/// See [`super::PostEvent::TargetUncertain`].
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

/// See [`super::PostEvent::TargetLookedUp`].
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

/// See [`super::PostEvent::TargetUnknown`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetUnknown {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt; 0 where none is known.
    pub number: u32,
    /// What was seen.
    pub failure: Failure,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::TargetMissed`].
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

/// See [`super::PostEvent::TargetResolved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetResolved {
    /// The target's account.
    pub account_id: AccountId,
    /// The attempt that was unknown.
    pub number: u32,
    /// The step that is thereby known to be live; absent where it isn't, and where the word is about the whole target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// What was said of it.
    #[serde(flatten)]
    pub resolution: Resolution,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::TargetRequeued`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRequeued {
    /// The target's account.
    pub account_id: AccountId,
    /// From when the limits count anew.
    pub due: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`super::PostEvent::DuplicateObserved`].
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

/// See [`super::PostEvent::LateResultObserved`].
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
